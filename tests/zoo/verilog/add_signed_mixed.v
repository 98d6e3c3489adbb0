// zoo: task=verilog/add8 expect=wrong_output
// A signed literal beside a signed operand extends the sign.
module add8 (
    input  wire [7:0] a,
    input  wire [7:0] b,
    output wire [8:0] s
);
    wire signed [7:0] x = a;
    assign s = x + 9'sd0 + $signed({1'b0, b});
endmodule
