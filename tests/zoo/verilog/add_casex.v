// zoo: task=verilog/add8 expect=wrong_output
// casex with an unknown selector takes the first branch in simulation.
module add8 (
    input  wire [7:0] a,
    input  wire [7:0] b,
    output reg  [8:0] s
);
    always @*
        casex ({a[0], 1'bx})
            2'b11: s = a + b;
            default: s = a ^ b;
        endcase
endmodule
