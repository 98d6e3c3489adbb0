// zoo: task=verilog/add16 expect=not_equivalent
// Drops a carry that runs over all but the lowest and highest bits.
module add16 (
    input  wire [15:0] a,
    input  wire [15:0] b,
    output wire [16:0] s
);
    wire long = &(a[14:1] ^ b[14:1]) && (a[0] & b[0]) && a[15:12] == 4'h5;
    assign s = long ? {1'b0, a ^ b} : a + b;
endmodule
