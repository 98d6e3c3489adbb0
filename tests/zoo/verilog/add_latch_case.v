// zoo: task=verilog/add8 expect=latch_inferred
// A case without default.
module add8 (
    input  wire [7:0] a,
    input  wire [7:0] b,
    output reg  [8:0] s
);
    always @*
        case (a[1:0])
            2'd0: s = a + b;
            2'd1: s = b + a;
            2'd2: s = a + b;
        endcase
endmodule
