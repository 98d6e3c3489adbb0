// @operation dot-product
// @method    tree
// @contract  pipeline
// @summary   Balanced adder tree over the products, with optional registers behind the multipliers and in the tree.
// @tune STAGES in [1, 2]
module kernel #(
    parameter LANES = 16,
    parameter W = 8,
    parameter STAGES = 1
) (
    input  wire               clk,
    input  wire [LANES*W-1:0] a,
    input  wire [LANES*W-1:0] b,
    output wire [19:0]        sum
);
    // STAGES = 1: registers behind the multipliers; 2: also behind two tree levels.
    reg [LANES*W-1:0] a_q, b_q;
    reg [19:0]        sum_q;
    always @(posedge clk) begin
        a_q   <= a;
        b_q   <= b;
        sum_q <= node[1];
    end
    assign sum = sum_q;

    // Heap order: node n adds nodes 2n and 2n + 1; nodes LANES .. 2*LANES-1 are
    // products. Upper copies of a sign bit are dropped by the synthesiser.
    wire signed [19:0] node [1:2*LANES-1];
    genvar i;
    generate
        for (i = 0; i < LANES; i = i + 1) begin : g_product
            wire signed [2*W-1:0] product = $signed(a_q[i*W +: W]) * $signed(b_q[i*W +: W]);
            if (STAGES >= 1) begin : g_reg
                reg signed [2*W-1:0] product_q;
                always @(posedge clk) product_q <= product;
                assign node[LANES+i] = product_q;
            end else begin : g_wire
                assign node[LANES+i] = product;
            end
        end
        for (i = 1; i < LANES; i = i + 1) begin : g_add
            // Nodes LANES/4 .. LANES/2-1 are two levels above the products.
            if (STAGES >= 2 && i >= LANES / 4 && i < LANES / 2) begin : g_reg
                reg signed [17:0] add_q;
                always @(posedge clk) add_q <= node[2*i] + node[2*i+1];
                assign node[i] = add_q;
            end else begin : g_wire
                assign node[i] = node[2*i] + node[2*i+1];
            end
        end
    endgenerate
endmodule
