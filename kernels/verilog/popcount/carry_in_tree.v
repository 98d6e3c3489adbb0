// @operation popcount
// @method    decompose
// @contract  combinational
// @summary   2^k - 1 bits are two halves of 2^(k-1) - 1 bits and one bit for the carry input of the adder that joins them.
// @tune CELL in [0, 1, 2]
module kernel #(
    parameter N = 64,
    parameter CELL = 0
) (
    input  wire [N-1:0]           x,
    output wire [$clog2(N+1)-1:0] count
);
    // Full adder, {carry, sum}. Written as gates: a + b + c would be merged with its neighbours into one big sum.
    function [1:0] fa(input a, input b, input c);
        reg p;
        begin
            p = a ^ b;
            case (CELL)
                0:       fa = {(a & b) | (p & c), p ^ c};
                1:       fa = {p ? c : a, p ^ c};
                default: fa = {(a & b) | (a & c) | (b & c), p ^ c};
            endcase
        end
    endfunction

    localparam LEVELS = $clog2(N);
    localparam P      = 1 << LEVELS;
    wire [P-1:0] xp;
    assign xp = x;

    // Node i of level l counts the 2^l - 1 bits from i * 2^l on. The last bit of each block is the carry input one level up,
    // so an addition costs l full adders and no bit needs an adder of its own.
    genvar l, i, j;
    generate
        for (l = 1; l <= LEVELS; l = l + 1) begin : level
            wire [(P >> l)*l-1:0] s;
            for (i = 0; i < (P >> l); i = i + 1) begin : node
                if (l == 1) begin : leaf
                    assign s[i] = xp[2*i];
                end else begin : add
                    wire [l-1:0] c;
                    assign c[0] = xp[(2*i + 1)*(1 << (l - 1)) - 1];
                    for (j = 0; j < l - 1; j = j + 1) begin : ripple
                        assign {c[j+1], s[i*l+j]} =
                            fa(level[l-1].s[2*i*(l-1)+j], level[l-1].s[(2*i+1)*(l-1)+j], c[j]);
                    end
                    assign s[i*l+l-1] = c[l-1];
                end
            end
        end
    endgenerate

    // P - 1 bits are counted; the last one is a final increment.
    assign count = level[LEVELS].s + xp[P-1];
endmodule
