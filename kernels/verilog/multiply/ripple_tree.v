// @operation multiply
// @method    tree
// @contract  combinational
// @summary   Rows are added in pairs by ripple adders; the ripples of successive levels overlap, and a carry is faster than a sum.
// @tune CELL in [0, 1, 2]
module kernel #(
    parameter W = 8,
    parameter CELL = 0
) (
    input  wire [W-1:0]   a,
    input  wire [W-1:0]   b,
    output wire [2*W-1:0] p
);
    // Full adder, {carry, sum}. Written as gates: a + b + c would be merged with its neighbours into one big sum.
    function [1:0] fa(input u, input v, input w);
        reg t;
        begin
            t = u ^ v;
            case (CELL)
                0:       fa = {(u & v) | (t & w), t ^ w};
                1:       fa = {t ? w : u, t ^ w};
                default: fa = {(u & v) | ((u | v) & w), t ^ w};
            endcase
        end
    endfunction

    // Ripple adder; cells with constant inputs disappear.
    function [2*W-1:0] add(input [2*W-1:0] x, input [2*W-1:0] y);
        integer j;
        reg c;
        begin
            c = 1'b0;
            for (j = 0; j < 2*W; j = j + 1)
                {c, add[j]} = fa(x[j], y[j], c);
        end
    endfunction

    reg [2*W*W-1:0] row;                      // row i is row[2*W*i +: 2*W]
    integer i, n;
    always @* begin
        for (i = 0; i < W; i = i + 1)
            row[2*W*i +: 2*W] = {{W{1'b0}}, a & {W{b[i]}}} << i;
        for (n = W; n > 1; n = (n + 1) / 2) begin
            for (i = 0; i < n / 2; i = i + 1)
                row[2*W*i +: 2*W] = add(row[2*W*2*i +: 2*W], row[2*W*(2*i+1) +: 2*W]);
            if (n % 2 == 1)
                row[2*W*(n/2) +: 2*W] = row[2*W*(n-1) +: 2*W];
        end
    end
    assign p = row[2*W-1:0];
endmodule
