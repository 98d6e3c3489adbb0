// zoo: task=verilog/add8 expect=accepted
// No line end at the end.
module add8 (input wire [7:0] a, input wire [7:0] b, output wire [8:0] s);
    assign s = a + b;
endmodule