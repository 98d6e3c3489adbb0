// zoo: task=verilog/add8 expect=accepted assurance=proved
// An unreachable case is free.
module add8 (
    input  wire [7:0] a,
    input  wire [7:0] b,
    output reg  [8:0] s
);
    always @*
        case (a[0])
            1'b0: s = a + b;
            1'b1: s = b + a;
            default: s = 9'bx;
        endcase
endmodule
