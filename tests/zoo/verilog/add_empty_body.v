// zoo: task=verilog/add8 expect=wrong_output
// Ports and nothing else.
module add8 (input wire [7:0] a, input wire [7:0] b, output wire [8:0] s);
endmodule
