// zoo: task=verilog/add8 expect=wrong_output
// A wildcard that hides the wrong half of the cases.
module add8 (
    input  wire [7:0] a,
    input  wire [7:0] b,
    output reg  [8:0] s
);
    always @*
        casez (a)
            8'b1??1_????: s = a | b;
            default: s = a + b;
        endcase
endmodule
