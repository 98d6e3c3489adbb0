// Sum of two 16-bit words with carry out.
module add16 (
    input  wire [15:0] a,
    input  wire [15:0] b,
    output wire [16:0] s
);
    assign s = a + b;
endmodule
