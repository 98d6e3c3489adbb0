// zoo: task=verilog/add8 expect=compile_error
// Two modules, neither of which is the top.
module adder8 (input wire [7:0] a, input wire [7:0] b, output wire [8:0] s);
    assign s = a + b;
endmodule
module add8_top (input wire [7:0] a, input wire [7:0] b, output wire [8:0] s);
    adder8 u (.a(a), .b(b), .s(s));
endmodule
