// zoo: task=verilog/add8 expect=accepted assurance=proved
// A tunable with a value from its list.
// @tune SPLIT in [2, 4]
module add8 #(
    parameter SPLIT = 4
) (
    input  wire [7:0] a,
    input  wire [7:0] b,
    output wire [8:0] s
);
    wire [SPLIT:0]   low  = a[SPLIT-1:0] + b[SPLIT-1:0];
    wire [8-SPLIT:0] high = a[7:SPLIT] + b[7:SPLIT] + low[SPLIT];

    assign s = {high, low[SPLIT-1:0]};
endmodule
