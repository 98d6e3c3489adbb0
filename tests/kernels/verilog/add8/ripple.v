// @operation add8
// @method    restructure
// @contract  combinational
// @summary   Ripple of full adders; MAJ picks the form of the carry.
// @tune MAJ in [0, 1]
module kernel #(
    parameter MAJ = 0
) (
    input  wire [7:0] a,
    input  wire [7:0] b,
    output wire [8:0] s
);
    wire [8:0] c;
    wire [7:0] p = a ^ b;
    assign c[0] = 1'b0;
    assign c[8:1] = MAJ ? ((a & b) | (a & c[7:0]) | (b & c[7:0])) : ((a & b) | (p & c[7:0]));
    assign s = {c[8], p ^ c[7:0]};
endmodule
