// zoo: task=verilog/add8 expect=compile_error|timeout|out_of_memory
// A module that contains itself for ever.
module add8 (input wire [7:0] a, input wire [7:0] b, output wire [8:0] s);
    deeper #(.N(0)) u (.a(a), .b(b), .s(s));
endmodule
module deeper #(parameter N = 0) (input wire [7:0] a, input wire [7:0] b, output wire [8:0] s);
    deeper #(.N(N + 1)) u (.a(a), .b(b), .s(s));
endmodule
