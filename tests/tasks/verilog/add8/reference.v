// Sum of two bytes with carry out.
module add8 (
    input  wire [7:0] a,
    input  wire [7:0] b,
    output wire [8:0] s
);
    assign s = a + b;
endmodule
