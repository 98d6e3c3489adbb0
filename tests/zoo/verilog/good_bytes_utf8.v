// zoo: task=verilog/add8 expect=accepted
// UTF-8 in a comment.
// größer ≤ schneller
module add8 (input wire [7:0] a, input wire [7:0] b, output wire [8:0] s);
    assign s = a + b;
endmodule
