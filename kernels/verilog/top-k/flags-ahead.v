// @operation top-k
// @method    retime
// @contract  cycle_exact
// @summary   Comparisons are made while the value is being registered, against the list and against the value in front of it.
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
    // above[i]: the registered value is valid and larger than place i. The flags
    // move with the list: place i will hold its own value, its neighbour's or the
    // registered one, and so the flag for the arriving value is picked likewise.
    reg              clear_q;
    reg  [W-1:0]     data_q;
    reg  [K*W-1:0]   best;
    reg  [K-1:0]     above;
    wire [K-1:0]     gt;              // arriving value against the list as it is
    wire             gt_data;         // arriving value against the registered one
    assign top = best;

    greater #(W, TREE) u_data (in_data, data_q, gt_data);

    always @(posedge clk) begin
        clear_q <= clear & ~rst;
        data_q  <= in_data;
    end

    genvar i;
    generate
        for (i = 0; i < K; i = i + 1) begin : g_place
            wire [W-1:0] mine = best[i*W +: W];
            wire [W-1:0] insert;
            wire         flag;
            greater #(W, TREE) u_gt (in_data, mine, gt[i]);
            if (i == 0) begin : g_first
                assign insert = data_q;
                assign flag   = above[0] ? gt_data : gt[0];
            end else begin : g_other
                assign insert = above[i-1] ? best[(i-1)*W +: W] : data_q;
                assign flag   = above[i] ? (above[i-1] ? gt[i-1] : gt_data) : gt[i];
            end
            always @(posedge clk) begin
                // After a clear the list is 0: every value but 0 is above it.
                above[i] <= in_valid & ~rst & (clear_q ? |in_data : flag);
                if (rst | clear_q) best[i*W +: W] <= {W{1'b0}};
                else if (above[i]) best[i*W +: W] <= insert;
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
