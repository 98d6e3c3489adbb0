// @operation popcount
// @method    tree
// @contract  combinational
// @summary   Balanced tree of word adders over fields that double in width; no adder is wider than its sum.
module kernel #(
    parameter N = 64
) (
    input  wire [N-1:0]         x,
    output wire [$clog2(N+1)-1:0] count
);
    localparam LEVELS = $clog2(N);
    localparam P      = 1 << LEVELS;              // operands, padded to a power of two

    // Level l holds P >> l counts of l + 1 bits; no adder is wider than its sum needs.
    genvar l, i;
    generate
        for (l = 0; l <= LEVELS; l = l + 1) begin : level
            wire [(P >> l)*(l + 1)-1:0] s;
            if (l == 0) begin : leaf
                assign s = x;
            end else begin : add
                for (i = 0; i < (P >> l); i = i + 1) begin : pair
                    assign s[i*(l + 1) +: l + 1] =
                        level[l-1].s[2*i*l +: l] + level[l-1].s[(2*i + 1)*l +: l];
                end
            end
        end
    endgenerate

    assign count = level[LEVELS].s;
endmodule
