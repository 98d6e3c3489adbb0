// zoo: task=verilog/add8 expect=wrong_output
// Always zero: the cheapest adder.
module add8 (input wire [7:0] a, input wire [7:0] b, output wire [8:0] s);
    assign s = 9'd0;
endmodule
