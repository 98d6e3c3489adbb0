// zoo: task=verilog/add8 expect=compile_error
// A parameter without a value.
module add8 #(parameter W) (input wire [W-1:0] a, input wire [W-1:0] b, output wire [W:0] s);
    assign s = a + b;
endmodule
