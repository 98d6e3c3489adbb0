// zoo: task=verilog/add8 expect=accepted
// Line ends of another system, and a tab.
module add8 (input wire [7:0] a, input wire [7:0] b, output wire [8:0] s);
	assign s = a + b;
endmodule
