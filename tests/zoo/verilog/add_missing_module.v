// zoo: task=verilog/add8 expect=compile_error
// An instance of a module that is not there: a black box would be free.
module add8 (input wire [7:0] a, input wire [7:0] b, output wire [8:0] s);
    adder u (.x(a), .y(b), .z(s));
endmodule
