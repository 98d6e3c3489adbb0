// @operation priority-arbiter
// @method    restructure
// @contract  combinational
// @summary   Lowest set bit by x & -x on the masked and the plain requests; the carry chain of the subtracter is the priority chain.
module kernel (
    input  wire [31:0] req,
    input  wire [4:0]  last,
    output wire [31:0] grant,
    output wire [4:0]  index,
    output wire        any
);
    wire [31:0] high = req & (32'hFFFFFFFE << last);          // positions > last
    wire [31:0] pick = (high != 32'd0) ? high : req;

    assign any   = |req;
    assign grant = pick & (~pick + 32'd1);
    assign index = {|(grant & 32'hFFFF0000), |(grant & 32'hFF00FF00), |(grant & 32'hF0F0F0F0),
                    |(grant & 32'hCCCCCCCC), |(grant & 32'hAAAAAAAA)};
endmodule
