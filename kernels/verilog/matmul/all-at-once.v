// @operation matmul
// @method    unroll
// @contract  transaction
// @summary   64 multipliers and 16 adder trees with registers between: three cycles.
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

    reg [N*N*W-1:0]  a_q, b_q;
    reg [N*N*18-1:0] c_q;
    reg [2:0]        stage;

    assign done = stage[2];

    always @(posedge clk) begin
        stage <= rst ? 3'b000 : {stage[1:0], start};
        a_q   <= a;
        b_q   <= b;
    end

    genvar i, j;
    generate
        for (i = 0; i < N; i = i + 1) begin : g_row
            for (j = 0; j < N; j = j + 1) begin : g_cell
                wire signed [2*W-1:0] m0 = $signed(a_q[(N*i + 0)*W +: W]) * $signed(b_q[j*W +: W]);
                wire signed [2*W-1:0] m1 = $signed(a_q[(N*i + 1)*W +: W]) * $signed(b_q[(N + j)*W +: W]);
                wire signed [2*W-1:0] m2 = $signed(a_q[(N*i + 2)*W +: W]) * $signed(b_q[(2*N + j)*W +: W]);
                wire signed [2*W-1:0] m3 = $signed(a_q[(N*i + 3)*W +: W]) * $signed(b_q[(3*N + j)*W +: W]);
                reg  signed [2*W-1:0] p0, p1, p2, p3;
                always @(posedge clk) begin
                    p0 <= m0;
                    p1 <= m1;
                    p2 <= m2;
                    p3 <= m3;
                end
                wire signed [16:0]    left  = p0 + p1;
                wire signed [16:0]    right = p2 + p3;
                always @(posedge clk) c_q[(N*i + j)*18 +: 18] <= left + right;
                assign c[(N*i + j)*20 +: 20] = {{2{c_q[(N*i + j)*18+17]}}, c_q[(N*i + j)*18 +: 18]};
            end
        end
    endgenerate
endmodule
