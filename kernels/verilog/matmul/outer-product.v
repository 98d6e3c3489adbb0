// @operation matmul
// @method    restructure
// @contract  transaction
// @summary   No skew: all 16 cells take column k of a and row k of b in cycle k, so N cycles do.
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

    // The operands shift by one column of a and one row of b, so the cells
    // always look at column 0 and row 0. The first products replace the old sums.
    reg [N*N*W-1:0] a_q, b_q;
    reg [N:0]       stage;          // the start pulse on its way to done

    assign done = stage[N];

    always @(posedge clk) begin
        if (rst) stage <= {(N+1){1'b0}};
        else     stage <= {stage[N-1:0], start};
        a_q <= start ? a : a_q >> W;
        b_q <= start ? b : b_q >> (N*W);
    end

    genvar i, j;
    generate
        for (i = 0; i < N; i = i + 1) begin : g_row
            for (j = 0; j < N; j = j + 1) begin : g_cell
                wire signed [2*W-1:0] product = $signed(a_q[N*i*W +: W]) * $signed(b_q[j*W +: W]);
                reg signed [17:0]     sum;  // four products of at most 2^14
                always @(posedge clk)
                    sum <= (stage[0] ? 18'sd0 : sum) + product;
                assign c[(N*i + j)*20 +: 20] = {{2{sum[17]}}, sum};
            end
        end
    endgenerate
endmodule
