// @operation popcount
// @method    restructure
// @contract  combinational
// @summary   Groups of four bits are counted by flat two-level terms (any, both, two, all), ripple adders in a tree join the groups.
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

    // Count of four bits: two sorted pairs tell at once whether at least two or all four are set.
    function [2:0] count4(input [3:0] v);
        reg any0, both0, any1, both1, two;
        begin
            any0   = v[0] | v[1];
            both0  = v[0] & v[1];
            any1   = v[2] | v[3];
            both1  = v[2] & v[3];
            two    = both0 | both1 | (any0 & any1);
            count4 = {both0 & both1, two & ~(both0 & both1), v[0] ^ v[1] ^ v[2] ^ v[3]};
        end
    endfunction

    localparam LEVELS = $clog2(N);
    localparam P      = 1 << LEVELS;
    wire [P-1:0] xp;
    assign xp = x;

    // Level l holds P >> l counts of l + 1 bits.
    genvar l, i, j;
    generate
        for (l = 2; l <= LEVELS; l = l + 1) begin : level
            wire [(P >> l)*(l + 1)-1:0] s;
            for (i = 0; i < (P >> l); i = i + 1) begin : node
                if (l == 2) begin : leaf
                    assign s[3*i +: 3] = count4(xp[4*i +: 4]);
                end else begin : add
                    wire [l:0] c;
                    assign c[0] = 1'b0;
                    for (j = 0; j < l; j = j + 1) begin : ripple
                        assign {c[j+1], s[i*(l+1)+j]} =
                            fa(level[l-1].s[2*i*l+j], level[l-1].s[(2*i+1)*l+j], c[j]);
                    end
                    assign s[i*(l+1)+l] = c[l];
                end
            end
        end
    endgenerate

    assign count = level[LEVELS].s;
endmodule
