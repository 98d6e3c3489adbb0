// @operation priority-arbiter
// @method    tree
// @contract  combinational
// @summary   Tournament: every node keeps the lower index of a better class (above `last` beats the rest); grant is the decoded winner.
// @tune ONEHOT in [0, 1]
module kernel #(
    parameter ONEHOT = 0            // 0 decode the index, 1 carry the grant down the tree
) (
    input  wire [31:0] req,
    input  wire [4:0]  last,
    output wire [31:0] grant,
    output wire [4:0]  index,
    output wire        any
);
    wire [31:0] above = ~(32'hFFFFFFFF >> (5'd31 - last));   // positions > last

    // Heap numbering: node 1 is the root, node 32 + i is requester i.
    wire [63:0] a, h;               // any request, any request above last
    wire [63:0] t;                  // this node takes the right child
    wire [63:0] w;                  // this node is on the path to the winner
    wire [4:0]  id [0:63];

    assign a[63:32] = req;
    assign h[63:32] = req & above;
    assign t[63:32] = 32'd0;
    assign {a[0], h[0], t[0], w[0]} = 4'd0;
    assign w[1] = a[1];
    assign any  = a[1];

    genvar n, l;
    generate
        for (n = 1; n < 32; n = n + 1) begin : node
            assign a[n] = a[2*n] | a[2*n+1];
            assign h[n] = h[2*n] | h[2*n+1];
            // right wins if it is the only one of the better class, or left has nothing at all
            assign t[n] = ~h[2*n] & (h[2*n+1] | ~a[2*n]);
            assign w[2*n]   = w[n] & ~t[n];
            assign w[2*n+1] = w[n] & t[n];
        end
        for (l = 0; l < 5; l = l + 1) begin : level
            // nodes 2^l .. 2^(l+1)-1 decide bit 4-l
            for (n = (1 << l); n < (2 << l); n = n + 1) begin : pick
                if (l == 4)
                    assign id[n] = {4'd0, t[n]};
                else
                    assign id[n] = (t[n] ? id[2*n+1] : id[2*n]) | ({4'd0, t[n]} << (4 - l));
            end
        end
    endgenerate

    assign index = id[1];
    assign grant = ONEHOT ? w[63:32] : (any ? 32'd1 << index : 32'd0);
endmodule
