// @operation multiply
// @method    pipeline
// @contract  pipeline
// @summary   Dadda tree, registered where CUT rows are left (1: nowhere), and a carry-propagate adder; FINAL picks the adder.
// @tune CUT in [1, 2, 3]
// @tune CELL in [0, 1]
// @tune FINAL in [0, 1, 2]
module kernel #(
    parameter W = 16,
    parameter CUT = 2,
    parameter CELL = 0,
    parameter FINAL = 0
) (
    input  wire           clk,
    input  wire [W-1:0]   a,
    input  wire [W-1:0]   b,
    output reg  [2*W-1:0] p
);
    localparam C = 2*W;                           // columns

    // Full adder, {carry, sum}. Written as gates: a + b + c would be merged with its neighbours into one big sum.
    function [1:0] fa(input u, input v, input w);
        reg t;
        begin
            t = u ^ v;
            case (CELL)
                0:       fa = {(u & v) | (t & w), t ^ w};
                default: fa = {t ? w : u, t ^ w};
            endcase
        end
    endfunction

    // Dadda's heights: 2, 3, 4, 6, 9, 13, ...
    function integer target(input integer i);
        integer k;
        begin
            target = 2;
            for (k = 0; k < i; k = k + 1)
                target = target * 3 / 2;
        end
    endfunction

    function integer stages(input integer h);
        integer d;
        begin
            stages = 0;
            for (d = 2; d < h; d = d * 3 / 2)
                stages = stages + 1;
        end
    endfunction

    // Column heights, a byte each: of the AND array, and after one stage that cuts every column to d.
    function [8*C-1:0] array_heights(input integer w);
        integer c;
        begin
            for (c = 0; c < C; c = c + 1)
                array_heights[8*c +: 8] = c < w ? c + 1 : 2*w - 1 - c;
        end
    endfunction

    function [8*C-1:0] reduced(input [8*C-1:0] h, input integer d);
        integer c, n;
        begin
            n = 0;                                // carries from the column below
            for (c = 0; c < C; c = c + 1) begin
                n = n + h[8*c +: 8];
                reduced[8*c +: 8] = n > d ? d : n;
                n = n > d ? (n - d + 1) / 2 : 0;
            end
        end
    endfunction

    // Number of counters in column c of that stage: its carries.
    function integer carries(input [8*C-1:0] h, input integer d, input integer c);
        integer k, n;
        begin
            n = 0;
            for (k = 0; k <= c; k = k + 1) begin
                n = n + h[8*k +: 8];
                n = n > d ? (n - d + 1) / 2 : 0;
            end
            carries = c < 0 ? 0 : n;
        end
    endfunction

    localparam S = stages(W);

    reg  [W-1:0]   ra, rb;
    wire [2*W-1:0] sum;
    always @(posedge clk) begin
        ra <= a;
        rb <= b;
        p  <= sum;
    end

    genvar s, c, r, k;
    generate
        for (s = 0; s <= S; s = s + 1) begin : stage
            wire [C*W-1:0] m, q;                  // bit r of column c is m[c*W + r]; q is m, registered at the cut
            if (s > 0 && target(S - s) == CUT) begin : cut
                reg [C*W-1:0] held;
                always @(posedge clk)
                    held <= m;
                assign q = held;
            end else begin : through
                assign q = m;
            end
            if (s == 0) begin : products
                localparam [8*C-1:0] H = array_heights(W);
                for (c = 0; c < C; c = c + 1) begin : col
                    for (r = 0; r < H[8*c +: 8]; r = r + 1) begin : bits
                        if (c < W) begin : low
                            assign m[c*W+r] = ra[c-r] & rb[r];
                        end else begin : high
                            assign m[c*W+r] = ra[W-1-r] & rb[c-W+1+r];
                        end
                    end
                end
            end else begin : counters
                localparam D = target(S - s);
                localparam [8*C-1:0] G = s == 1 ? array_heights(W)
                                                : reduced(array_heights(W), target(S - s + 1));
                localparam [8*C-1:0] H = reduced(G, D);
                for (c = 0; c < C; c = c + 1) begin : col
                    localparam CIN   = carries(G, D, c - 1);
                    localparam CELLS = carries(G, D, c);
                    localparam HALF  = CELLS > 0 ? (G[8*c +: 8] + CIN - D) % 2 : 0;
                    localparam USED  = 3*CELLS - HALF;
                    localparam KEPT  = G[8*c +: 8] - USED;
                    wire [CELLS:0] carry;
                    // Order in the next stage: bits that waited, then sums, then carries. The oldest are taken first.
                    for (r = 0; r < KEPT; r = r + 1) begin : wait_
                        assign m[c*W+r] = stage[s-1].q[c*W+USED+r];
                    end
                    for (k = 0; k < CELLS; k = k + 1) begin : counter
                        if (k < CELLS - HALF) begin : full
                            assign {carry[k], m[c*W+KEPT+k]} =
                                fa(stage[s-1].q[c*W+3*k], stage[s-1].q[c*W+3*k+1], stage[s-1].q[c*W+3*k+2]);
                        end else begin : half
                            assign carry[k]       = stage[s-1].q[c*W+3*k] & stage[s-1].q[c*W+3*k+1];
                            assign m[c*W+KEPT+k] = stage[s-1].q[c*W+3*k] ^ stage[s-1].q[c*W+3*k+1];
                        end
                    end
                    for (k = 0; k < CIN; k = k + 1) begin : in
                        assign m[c*W+KEPT+CELLS+k] = col[c-1].carry[k];
                    end
                end
            end
        end

        // Two rows are left.
        wire [C-1:0] x, y;
        for (c = 0; c < C; c = c + 1) begin : rows
            localparam [8*C-1:0] H = reduced(array_heights(W), 2);
            assign x[c] = H[8*c +: 8] > 0 ? stage[S].q[c*W] : 1'b0;
            assign y[c] = H[8*c +: 8] > 1 ? stage[S].q[c*W+1] : 1'b0;
        end

        if (FINAL == 0) begin : plain
            assign sum = x + y;
        end else if (FINAL == 1) begin : ripple
            wire [C:0] carry;
            assign carry[0] = 1'b0;
            for (c = 0; c < C; c = c + 1) begin : bits
                assign {carry[c+1], sum[c]} = fa(x[c], y[c], carry[c]);
            end
        end else begin : sklansky
            reg [C-1:0] g, t;
            integer i, d;
            always @* begin
                g = x & y;
                t = x ^ y;
                for (d = 1; d < C; d = 2*d)
                    for (i = 0; i < C; i = i + 1)
                        if ((i / d) % 2 == 1) begin
                            g[i] = g[i] | (t[i] & g[i/d*d-1]);
                            t[i] = t[i] & t[i/d*d-1];
                        end
            end
            assign sum = x ^ y ^ {g[C-2:0], 1'b0};
        end
    endgenerate
endmodule
