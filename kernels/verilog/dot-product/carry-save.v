// @operation dot-product
// @method    compressor-tree
// @contract  pipeline
// @summary   All partial products of all lanes (Baugh-Wooley form) are merged carry-save; carries propagate once.
// @tune STAGES in [1, 2]
module kernel #(
    parameter LANES = 16,
    parameter W = 8,
    parameter STAGES = 2
) (
    input  wire               clk,
    input  wire [LANES*W-1:0] a,
    input  wire [LANES*W-1:0] b,
    output wire [19:0]        sum
);
    // STAGES: registers inside, first behind the merge of each lane, then in
    // front of the final adder.
    localparam B = 20;

    reg [LANES*W-1:0] a_q, b_q;
    reg [B-1:0]       sum_q;
    always @(posedge clk) begin
        a_q <= a;
        b_q <= b;
    end

    // Lane: W partial products, the terms of negative weight inverted. The
    // corrections of all lanes are one constant, added once: per lane
    // 2^W + 2^(2W-1) mod 2^(2W), which is 2^W - 2^(2W-1) as a signed number.
    localparam [B-1:0] CORRECT = LANES * ((1 << W) - (1 << (2*W-1)));

    wire [2*W-1:0] lane_s [0:LANES-1];
    wire [2*W-1:0] lane_c [0:LANES-1];
    genvar i, j, k;
    generate
        for (i = 0; i < LANES; i = i + 1) begin : g_lane
            wire [2*W-1:0] row [0:W-1];
            wire [2*W-1:0] s [0:W-2];
            wire [2*W-1:0] c [0:W-2];
            for (j = 0; j < W; j = j + 1) begin : g_row
                wire [W-1:0] flip = (j == W-1) ? {1'b0, {(W-1){1'b1}}} : {1'b1, {(W-1){1'b0}}};
                wire [W-1:0] term = (a_q[i*W +: W] & {W{b_q[i*W+j]}}) ^ flip;
                assign row[j] = {{W{1'b0}}, term} << j;
            end
            // 8 rows to 2 in four levels.
            csa3 #(2*W) u0 (row[0], row[1], row[2], s[0], c[0]);
            csa3 #(2*W) u1 (row[3], row[4], row[5], s[1], c[1]);
            csa3 #(2*W) u2 (s[0], c[0], s[1], s[2], c[2]);
            csa3 #(2*W) u3 (c[1], row[6], row[7], s[3], c[3]);
            csa3 #(2*W) u4 (s[2], c[2], s[3], s[4], c[4]);
            csa3 #(2*W) u5 (s[4], c[4], c[3], s[5], c[5]);
            if (STAGES >= 1) begin : g_reg
                reg [2*W-1:0] s_q, c_q;
                always @(posedge clk) begin s_q <= s[5]; c_q <= c[5]; end
                assign lane_s[i] = s_q;
                assign lane_c[i] = c_q;
            end else begin : g_wire
                assign lane_s[i] = s[5];
                assign lane_c[i] = c[5];
            end
        end

        // A lane's words add up to an unsigned number below 2^(2W) + carries out;
        // no row ever exceeds 2W bits, so words are extended with zeros.
        wire [B-1:0] node_s [1:2*LANES-1];
        wire [B-1:0] node_c [1:2*LANES-1];
        for (i = 0; i < LANES; i = i + 1) begin : g_leaf
            assign node_s[LANES+i] = {{(B-2*W){1'b0}}, lane_s[i]};
            assign node_c[LANES+i] = {{(B-2*W){1'b0}}, lane_c[i]};
        end
        for (i = 1; i < LANES; i = i + 1) begin : g_node
            wire [B-1:0] s0, c0;
            csa3 #(B) u0 (node_s[2*i], node_c[2*i], node_s[2*i+1], s0, c0);
            csa3 #(B) u1 (s0, c0, node_c[2*i+1], node_s[i], node_c[i]);
        end
    endgenerate

    wire [B-1:0] top_s, top_c, end_s, end_c;
    csa3 #(B) u_correct (node_s[1], node_c[1], CORRECT, top_s, top_c);
    generate
        if (STAGES >= 2) begin : g_last
            reg [B-1:0] s_q, c_q;
            always @(posedge clk) begin s_q <= top_s; c_q <= top_c; end
            assign end_s = s_q;
            assign end_c = c_q;
        end else begin : g_direct
            assign end_s = top_s;
            assign end_c = top_c;
        end
    endgenerate
    always @(posedge clk) sum_q <= end_s + end_c;
    assign sum = sum_q;
endmodule

// A row of full adders; the carry word comes out at its place.
module csa3 #(
    parameter N = 8
) (
    input  wire [N-1:0] x,
    input  wire [N-1:0] y,
    input  wire [N-1:0] z,
    output wire [N-1:0] s,
    output wire [N-1:0] c
);
    wire [N-1:0] carry = (x & y) | (z & (x ^ y));
    assign s = x ^ y ^ z;
    assign c = {carry[N-2:0], 1'b0};
endmodule
