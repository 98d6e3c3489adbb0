// @operation top-k
// @method    share
// @contract  cycle_exact
// @summary   Three comparators in a row search the sorted list for the place; the flags are decoded from their answers.
// @tune TREE in [0, 1]
module kernel #(
    parameter K = 8,
    parameter W = 8,
    parameter TREE = 1
) (
    input  wire           clk,
    input  wire           rst,
    input  wire           clear,
    input  wire           in_valid,
    input  wire [W-1:0]   in_data,
    output wire [K*W-1:0] top
);
    // K = 8. place: how many values stay in front of the new one, less one
    // comparison for the last place, which has a comparator of its own.
    reg              clear_q, valid_q;
    reg  [W-1:0]     data_q;
    reg  [K*W-1:0]   best;
    assign top = best;

    always @(posedge clk) begin
        clear_q <= clear & ~rst;
        valid_q <= in_valid & ~rst;
        data_q  <= in_data;
    end

    wire hit3, hit15, hit_odd, hit7;
    wire [W-1:0] middle  = hit3 ? best[1*W +: W] : best[5*W +: W];
    wire [W-1:0] quarter = hit3 ? (hit15 ? best[0 +: W]   : best[2*W +: W])
                                : (hit15 ? best[4*W +: W] : best[6*W +: W]);
    greater #(W, TREE) u_3 (data_q, best[3*W +: W], hit3);
    greater #(W, TREE) u_1 (data_q, middle,         hit15);
    greater #(W, TREE) u_0 (data_q, quarter,        hit_odd);
    greater #(W, TREE) u_7 (data_q, best[7*W +: W], hit7);

    wire [K-1:0] gt;
    assign gt[0] = hit3 & hit15 & hit_odd;
    assign gt[1] = hit3 & hit15;
    assign gt[2] = hit3 & (hit15 | hit_odd);
    assign gt[3] = hit3;
    assign gt[4] = hit3 | (hit15 & hit_odd);
    assign gt[5] = hit3 | hit15;
    assign gt[6] = hit3 | hit15 | hit_odd;
    assign gt[7] = hit7;

    genvar i;
    generate
        for (i = 0; i < K; i = i + 1) begin : g_place
            wire [W-1:0] insert;
            if (i == 0) assign insert = data_q;
            else        assign insert = gt[i-1] ? best[(i-1)*W +: W] : data_q;
            always @(posedge clk) begin
                if (rst | clear_q)        best[i*W +: W] <= {W{1'b0}};
                else if (valid_q & gt[i]) best[i*W +: W] <= insert;
            end
        end
    endgenerate
endmodule

// x > y, by a tree of (greater, equal) pairs or by the operator.
module greater #(
    parameter W = 8,
    parameter TREE = 1
) (
    input  wire [W-1:0] x,
    input  wire [W-1:0] y,
    output wire         gt
);
    genvar i;
    generate
        if (TREE) begin : g_tree
            // "same" is only asked for where "more" is 0, so not-less does for it.
            // Heap order; W is a power of two and leaf W + i is bit i.
            wire [2*W-1:1] more;
            wire [2*W-1:1] same;
            for (i = 0; i < W; i = i + 1) begin : g_leaf
                assign more[W+i] = x[i] & ~y[i];
                assign same[W+i] = x[i] | ~y[i];
            end
            for (i = 1; i < W; i = i + 1) begin : g_node
                assign more[i] = more[2*i+1] | (same[2*i+1] & more[2*i]);
                assign same[i] = same[2*i+1] & same[2*i];
            end
            assign gt = more[1];
        end else begin : g_operator
            assign gt = (x > y);
        end
    endgenerate
endmodule
