// zoo: task=verilog/add8 expect=forbidden_construct
// Hides from the lint.
module add8 (
    input  wire [7:0] a,
    input  wire [7:0] b,
    output wire [8:0] s
);
    `ifndef VERILATOR
    assign s = a + b;
    `else
    assign s = b + a;
    `endif
endmodule
