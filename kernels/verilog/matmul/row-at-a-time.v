// @operation matmul
// @method    share
// @contract  transaction
// @summary   N dot-product units make one row of c per cycle; the rows of a and of c shift.
module kernel #(
    parameter N = 4,
    parameter W = 8,
    parameter SPLIT = 1
) (
    input  wire                clk,
    input  wire                rst,
    input  wire                start,
    input  wire [N*N*W-1:0]    a,
    input  wire [N*N*W-1:0]    b,
    output wire                 done,
    output wire [N*N*20-1:0]   c
);

    // SPLIT = 1: registers (0 none) between the multipliers and the adder tree.
    reg [N*N*W-1:0]    a_q, b_q;
    reg [N+SPLIT:0]    stage;
    reg [N*N*18-1:0]   rows;        // finished rows, the newest on top
    wire [N*18-1:0]    row;

    assign done = stage[N+SPLIT];

    always @(posedge clk) begin
        if (rst) stage <= {(N+SPLIT+1){1'b0}};
        else     stage <= {stage[N+SPLIT-1:0], start};
        a_q <= start ? a : a_q >> (N*W);
        if (start) b_q <= b;
        rows <= {row, rows[N*N*18-1:N*18]};
    end

    genvar i, j;
    generate
        for (j = 0; j < N; j = j + 1) begin : g_column
            wire signed [2*W-1:0] term [0:N-1];
            for (i = 0; i < N; i = i + 1) begin : g_term
                wire signed [2*W-1:0] product = $signed(a_q[i*W +: W]) * $signed(b_q[(N*i + j)*W +: W]);
                if (SPLIT) begin : g_reg
                    reg signed [2*W-1:0] product_q;
                    always @(posedge clk) product_q <= product;
                    assign term[i] = product_q;
                end else begin : g_wire
                    assign term[i] = product;
                end
            end
            wire signed [16:0] left  = term[0] + term[1];
            wire signed [16:0] right = term[2] + term[3];
            wire signed [17:0] total = left + right;
            assign row[j*18 +: 18] = total;
        end
        for (i = 0; i < N*N; i = i + 1) begin : g_out
            assign c[i*20 +: 20] = {{2{rows[i*18+17]}}, rows[i*18 +: 18]};
        end
    endgenerate
endmodule
