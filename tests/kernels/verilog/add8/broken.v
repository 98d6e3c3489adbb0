// @operation add8
// @method    tree
// @contract  combinational
// @summary   A syntax error: rejected by the compiler.
module kernel (
    input  wire [7:0] a,
    input  wire [7:0] b,
    output wire [8:0] s
);
    assign s = a + ;
endmodule
