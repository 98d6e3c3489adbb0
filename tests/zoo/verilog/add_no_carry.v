// zoo: task=verilog/add8 expect=wrong_output
// The operands of a concatenation are as wide as themselves: the carry is lost.
module add8 (
    input  wire [7:0] a,
    input  wire [7:0] b,
    output wire [8:0] s
);
    assign s = {1'b0, a + b};
endmodule
