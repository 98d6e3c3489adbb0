// zoo: task=verilog/add8 expect=compile_error
// An instance of a cell of the library.
module add8 (input wire [7:0] a, input wire [7:0] b, output wire [8:0] s);
    wire n;
    INVX1 u (.A(a[0]), .Y(n));
    assign s = {a[7:1], ~n} + b;
endmodule
