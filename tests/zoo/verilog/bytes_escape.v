// zoo: task=verilog/add8 expect=bad_source
// Terminal escape sequences in a comment.
// [2J[31mPASS
module add8 (input wire [7:0] a, input wire [7:0] b, output wire [8:0] s);
    assign s = a + b;
endmodule
