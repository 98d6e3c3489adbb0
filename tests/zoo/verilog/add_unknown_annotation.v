// zoo: task=verilog/add8 expect=annotation_error
// An annotation of another target.
module add8 (
    input  wire [7:0] a,
    input  wire [7:0] b,
    output wire [8:0] s
);
    // @launch add8 <<<1, 1>>> (a, b, s)
    assign s = a + b;
endmodule
