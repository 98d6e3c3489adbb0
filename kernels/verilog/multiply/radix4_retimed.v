// @operation multiply
// @method    retime
// @contract  pipeline
// @summary   Radix-4 rows with the input registers moved behind the adder for 3a; CUTS registers the sums of two rows (2) and of four (4).
// @tune CUTS in [2, 4, 6]
// @tune ADDER in [0, 1]
// @tune CELL in [0, 1]
module kernel #(
    parameter W = 16,
    parameter CUTS = 6,
    parameter ADDER = 0,
    parameter CELL = 0
) (
    input  wire           clk,
    input  wire [W-1:0]   a,
    input  wire [W-1:0]   b,
    output reg  [2*W-1:0] p
);
    // Ripple or Sklansky adder, written as gates: the synthesiser would turn a tree of + into one carry-save sum, whose
    // two exclusive ors a bit are slower than the carries here.
    function [2*W:0] add(input [2*W-1:0] x, input [2*W-1:0] y);
        reg [2*W-1:0] g, t, s;
        reg           c;
        integer       i, d;
        begin
            g = x & y;
            t = x ^ y;
            s = t;
            if (ADDER == 0) begin
                c = 1'b0;
                for (i = 0; i < 2*W; i = i + 1) begin
                    s[i] = t[i] ^ c;
                    c    = CELL == 0 ? g[i] | (t[i] & c) : t[i] ? c : x[i];
                end
                add = {c, s};
            end else begin
                if (CELL == 1)
                    t = x | y;                    // shallower, but the sum needs its own exclusive or
                for (d = 1; d < 2*W; d = 2*d)
                    for (i = 0; i < 2*W; i = i + 1)
                        if ((i / d) % 2 == 1) begin
                            g[i] = g[i] | (t[i] & g[i/d*d-1]);
                            t[i] = t[i] & t[i/d*d-1];
                        end
                add = {g[2*W-1], s ^ {g[2*W-2:0], 1'b0}};
            end
        end
    endfunction

    // The input registers sit behind the adder for 3a: it gets a cycle of its own without another rank of registers.
    wire [2*W-1:0] wide;
    wire [W+1:0]   a3;
    assign wide = a;
    assign a3   = add(wide, wide << 1);

    reg [W-1:0] u, v;
    reg [W+1:0] u3;
    always @(posedge clk) begin
        u  <= a;
        v  <= b;
        u3 <= a3;
    end

    localparam LEVELS = $clog2(W / 2);
    genvar l, i;
    generate
        // A node of level l is a times 2 << l bits of b. Its upper half is a sum, its lower bits come from the lower node.
        for (l = 0; l <= LEVELS; l = l + 1) begin : level
            localparam B = 2 << l;
            localparam N = W / B;
            wire [N*(W+B)-1:0] s, q;
            for (i = 0; i < N; i = i + 1) begin : node
                if (l == 0) begin : row
                    assign s[i*(W+2) +: W+2] = ({W+2{v[2*i +: 2] == 2'd1}} & {2'b00, u})
                                             | ({W+2{v[2*i +: 2] == 2'd2}} & {1'b0, u, 1'b0})
                                             | ({W+2{v[2*i +: 2] == 2'd3}} & u3);
                end else begin : sum
                    localparam H = B / 2;
                    wire [W+H-1:0] lo, hi;
                    wire [2*W:0]   upper;
                    assign lo    = level[l-1].q[2*i*(W+H) +: W+H];
                    assign hi    = level[l-1].q[(2*i+1)*(W+H) +: W+H];
                    assign upper = add({{2*W{1'b0}}, lo[W+H-1:H]}, {{2*W{1'b0}}, hi});
                    assign s[i*(W+B) +: W+B] = {upper[W+H-1:0], lo[H-1:0]};
                end
            end
            if (l > 0 && l < LEVELS && (CUTS >> l) % 2 == 1) begin : cut
                reg [N*(W+B)-1:0] r;
                always @(posedge clk)
                    r <= s;
                assign q = r;
            end else begin : through
                assign q = s;
            end
        end
    endgenerate

    always @(posedge clk)
        p <= level[LEVELS].q;
endmodule
