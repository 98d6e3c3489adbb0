// zoo: task=verilog/add8 expect=compile_error
// An inner net that nobody drives is read.
module add8 (
    input  wire [7:0] a,
    input  wire [7:0] b,
    output wire [8:0] s
);
    wire [8:0] t;
    assign s = a[0] & b[0] ? t : a + b;
endmodule
