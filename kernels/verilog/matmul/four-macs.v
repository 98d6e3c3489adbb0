// @operation matmul
// @method    share
// @contract  transaction
// @summary   Four multiplier-accumulators make one row of c in N cycles, N*N cycles in all; operands rotate in place.
module kernel #(
    parameter N = 4,
    parameter W = 8
) (
    input  wire                clk,
    input  wire                rst,
    input  wire                start,
    input  wire [N*N*W-1:0]    a,
    input  wire [N*N*W-1:0]    b,
    output wire                 done,
    output wire [N*N*20-1:0]   c
);

    // Step (i, k): sums of row i += a(i, k) * row k of b.
    reg [N*N*W-1:0]  a_q, b_q;
    reg [N*N*18-1:0] rows;
    reg [3:0]        step;
    reg              busy, finished;
    wire             first = (step[1:0] == 2'd0);

    assign done = finished;

    always @(posedge clk) begin
        finished <= busy & (&step) & ~rst;
        if (rst)        busy <= 1'b0;
        else if (start) busy <= 1'b1;
        else if (&step) busy <= 1'b0;
        step <= start ? 4'd0 : step + 4'd1;
        a_q  <= start ? a : a_q >> W;
        b_q  <= start ? b : {b_q[N*W-1:0], b_q[N*N*W-1:N*W]};
    end

    // The row in work is the topmost; the others move down as it begins.
    genvar j;
    generate
        for (j = 0; j < N; j = j + 1) begin : g_mac
            wire signed [2*W-1:0] product = $signed(a_q[W-1:0]) * $signed(b_q[j*W +: W]);
            wire signed [17:0]    old     = rows[(N*(N-1) + j)*18 +: 18];
            wire signed [17:0]    sum     = (first ? 18'sd0 : old) + product;
            always @(posedge clk)
                if (busy) rows[(N*(N-1) + j)*18 +: 18] <= sum;
        end
        for (j = 0; j < N*N; j = j + 1) begin : g_out
            if (j < N*(N-1)) begin : g_keep
                always @(posedge clk)
                    if (busy & first) rows[j*18 +: 18] <= rows[(j+N)*18 +: 18];
            end
            assign c[j*20 +: 20] = {{2{rows[j*18+17]}}, rows[j*18 +: 18]};
        end
    endgenerate
endmodule
