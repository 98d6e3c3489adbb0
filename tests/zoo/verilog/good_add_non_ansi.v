// zoo: task=verilog/add8 expect=accepted assurance=proved
// Port declarations in the body, gate primitives.
module add8 (a, b, s);
    input  [7:0] a, b;
    output [8:0] s;
    wire t;
    xor g (t, a[0], b[0]);
    wire [7:0] high;
    assign high = a[7:1] + b[7:1] + (a[0] & b[0]);
    assign s = {high, t};
endmodule
