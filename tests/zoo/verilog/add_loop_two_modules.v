// zoo: task=verilog/add8 expect=combinational_loop
// The loop goes through two modules, neither of which has one.
module half (
    input  wire x,
    input  wire y,
    output wire z
);
    assign z = x | y;
endmodule

module add8 (
    input  wire [7:0] a,
    input  wire [7:0] b,
    output wire [8:0] s
);
    wire p, q;

    half u (.x(a[0]), .y(q), .z(p));
    half v (.x(b[0]), .y(p), .z(q));
    assign s = a + b + (p & ~q);
endmodule
