// @operation add8
// @method    decompose
// @contract  combinational
// @summary   Carry-select adder: the upper part for both carries; LOW is the width of the lower part.
// @tune LOW in [4, 2, 3, 5, 6]
module kernel #(
    parameter LOW = 4
) (
    input  wire [7:0] a,
    input  wire [7:0] b,
    output wire [8:0] s
);
    wire [LOW:0]   low   = a[LOW-1:0] + b[LOW-1:0];
    wire [8-LOW:0] high0 = a[7:LOW] + b[7:LOW];
    wire [8-LOW:0] high1 = a[7:LOW] + b[7:LOW] + 1'b1;
    assign s = {low[LOW] ? high1 : high0, low[LOW-1:0]};
endmodule
