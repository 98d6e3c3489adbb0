// Output-stationary systolic array: row i of a enters from the left i cycles
// late, column j of b from the top j cycles late, and cell (i, j) accumulates.
module systolic4 #(
    parameter N = 4,
    parameter W = 8
) (
    input  wire                clk,
    input  wire                rst,
    input  wire                start,
    input  wire [N*N*W-1:0]    a,
    input  wire [N*N*W-1:0]    b,
    output reg                  done,
    output wire [N*N*20-1:0]   c
);
    localparam LAST = 3 * N - 2;       // cycles until the last cell has its last pair

    reg [N*N*W-1:0] a_q, b_q;
    reg [3:0]       cycle;
    reg             busy;

    always @(posedge clk) begin
        done <= 1'b0;
        if (rst) begin
            busy <= 1'b0;
        end else if (start) begin
            a_q   <= a;
            b_q   <= b;
            cycle <= 0;
            busy  <= 1'b1;
        end else if (busy) begin
            cycle <= cycle + 1;
            if (cycle == LAST - 1) begin
                busy <= 1'b0;
                done <= 1'b1;
            end
        end
    end

    // Values at the cells' inputs; column N and row N are the outer edge.
    wire signed [W-1:0] right [0:N-1][0:N];
    wire signed [W-1:0] down  [0:N][0:N-1];

    genvar i, j;
    generate
        for (i = 0; i < N; i = i + 1) begin : g_feed
            wire [3:0] k = cycle - i;
            assign right[i][0] = (k < N) ? a_q[(N*i + k[1:0])*W +: W] : {W{1'b0}};
            assign down[0][i]  = (k < N) ? b_q[(N*k[1:0] + i)*W +: W] : {W{1'b0}};
        end
        for (i = 0; i < N; i = i + 1) begin : g_row
            for (j = 0; j < N; j = j + 1) begin : g_cell
                reg signed [W-1:0] x, y;
                reg signed [19:0]  sum;
                assign right[i][j+1] = x;
                assign down[i+1][j]  = y;
                assign c[(N*i + j)*20 +: 20] = sum;
                always @(posedge clk) begin
                    if (start) begin
                        x   <= 0;
                        y   <= 0;
                        sum <= 0;
                    end else if (busy) begin
                        x   <= right[i][j];
                        y   <= down[i][j];
                        sum <= sum + right[i][j] * down[i][j];
                    end
                end
            end
        end
    endgenerate
endmodule
