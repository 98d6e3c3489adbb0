// zoo: task=verilog/add8 expect=compile_error
// Instantiates the reference by the name that the evaluator gives it.
module add8 (input wire [7:0] a, input wire [7:0] b, output wire [8:0] s);
    gold u (.a(a), .b(b), .s(s));
endmodule
