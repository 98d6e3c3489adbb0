// zoo: task=verilog/add8 expect=annotation_error
// A tunable that is no parameter.
module add8 (
    input  wire [7:0] a,
    input  wire [7:0] b,
    output wire [8:0] s
);
    // @tune SPLIT in [2, 4]
    assign s = a + b;
endmodule
