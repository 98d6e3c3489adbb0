// The generated check does not look at a = 9; the testbench does.
module bench_inc4 (
    input  wire [3:0] a,
    output wire [3:0] y
);
    assign y = a + 4'd1;
endmodule
