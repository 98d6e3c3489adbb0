// zoo: task=verilog/add8 expect=forbidden_construct
// `full_case` in a comment: the missing cases are free for synthesis and a latch for simulation.
module add8 (
    input  wire [7:0] a,
    input  wire [7:0] b,
    output reg  [8:0] s
);
    always @*
        case (a[0]) // synopsys full_case
            1'b1: s = a + b;
        endcase
endmodule
