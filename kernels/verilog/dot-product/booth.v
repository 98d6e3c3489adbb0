// @operation dot-product
// @method    booth
// @contract  pipeline
// @summary   Radix-4 Booth recoding: four partial products a lane, digits of equal weight of all lanes are added first.
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
    // STAGES: 1: registers behind the sums of the digits; 2: also behind the recoding.
    localparam D = W / 2;          // digits of b
    localparam P = W + 1;          // bits of digit * a

    reg [LANES*W-1:0] a_q, b_q;
    reg [19:0]        sum_q;
    always @(posedge clk) begin
        a_q <= a;
        b_q <= b;
    end
    assign sum = sum_q;

    // place[d]: sum over the lanes of (digit d of b) * a.
    wire signed [P+4:0] place [0:D-1];
    genvar d, i;
    generate
        for (d = 0; d < D; d = d + 1) begin : g_digit
            wire signed [P+4:0] node [1:2*LANES-1];
            for (i = 0; i < LANES; i = i + 1) begin : g_lane
                wire         low  = (d == 0) ? 1'b0 : b_q[(d == 0) ? 0 : i*W + 2*d - 1];
                wire [1:0]   pair = b_q[i*W + 2*d +: 2];
                wire         neg  = pair[1];
                wire         one  = pair[0] ^ low;
                wire         two  = (pair[1] ^ pair[0]) & ~one;
                wire [W-1:0] x    = a_q[i*W +: W];
                // Minus is inversion; the +1 follows as a count of the negative digits.
                wire [P-1:0] pp = (({x[W-1], x} & {P{one}}) | ({x, 1'b0} & {P{two}})) ^ {P{neg}};
                if (STAGES >= 2) begin : g_reg
                    reg [P-1:0] pp_q;
                    reg         neg_q;
                    always @(posedge clk) begin pp_q <= pp; neg_q <= neg; end
                    assign node[LANES+i] = $signed(pp_q) + $signed({1'b0, neg_q});
                end else begin : g_wire
                    assign node[LANES+i] = $signed(pp) + $signed({1'b0, neg});
                end
            end
            for (i = 1; i < LANES; i = i + 1) begin : g_add
                assign node[i] = node[2*i] + node[2*i+1];
            end
            reg signed [P+4:0] place_q;
            always @(posedge clk) place_q <= node[1];
            assign place[d] = place_q;
        end
    endgenerate

    wire signed [19:0] upper = (place[3] <<< 2) + place[2];
    wire signed [19:0] lower = (place[1] <<< 2) + place[0];
    always @(posedge clk) sum_q <= (upper <<< 4) + lower;
endmodule
