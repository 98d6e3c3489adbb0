// @operation add8
// @method    narrow
// @contract  combinational
// @summary   Forgets the carry out: rejected by the simulation.
module kernel (
    input  wire [7:0] a,
    input  wire [7:0] b,
    output wire [8:0] s
);
    wire [7:0] low = a + b;
    assign s = {1'b0, low};
endmodule
