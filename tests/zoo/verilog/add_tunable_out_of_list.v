// zoo: task=verilog/add8 expect=annotation_error
// The value in the text is none of the tunable's.
// @tune SPLIT in [2, 4]
module add8 #(
    parameter SPLIT = 3
) (
    input  wire [7:0] a,
    input  wire [7:0] b,
    output wire [8:0] s
);
    assign s = a + b + 0 * SPLIT;
endmodule
