// Sixteen signed multiplications and a chain of additions between two registers.
module dot16 #(
    parameter LANES = 16,
    parameter W = 8
) (
    input  wire                      clk,
    input  wire        [LANES*W-1:0] a,
    input  wire        [LANES*W-1:0] b,
    output reg  signed [19:0]        sum
);
    reg        [LANES*W-1:0] a_q, b_q;
    reg signed [19:0]        total;

    integer i;
    always @* begin
        total = 20'sd0;
        for (i = 0; i < LANES; i = i + 1)
            total = total + $signed(a_q[i*W +: W]) * $signed(b_q[i*W +: W]);
    end

    always @(posedge clk) begin
        a_q <= a;
        b_q <= b;
        sum <= total;
    end
endmodule
