// Sixteen signed multiplications, registers, a chain of additions; registers at
// both ends as well.
module dot16 #(
    parameter LANES = 16,
    parameter W = 8
) (
    input  wire                      clk,
    input  wire        [LANES*W-1:0] a,
    input  wire        [LANES*W-1:0] b,
    output reg  signed [19:0]        sum
);
    reg        [LANES*W-1:0]   a_q, b_q;
    reg        [LANES*2*W-1:0] product_q;
    reg signed [19:0]          total;

    integer i, k;
    always @* begin
        total = 20'sd0;
        for (i = 0; i < LANES; i = i + 1)
            total = total + $signed(product_q[i*2*W +: 2*W]);
    end

    always @(posedge clk) begin
        a_q <= a;
        b_q <= b;
        for (k = 0; k < LANES; k = k + 1)
            product_q[k*2*W +: 2*W] <= $signed(a_q[k*W +: W]) * $signed(b_q[k*W +: W]);
        sum <= total;
    end
endmodule
