// @operation fir
// @method    strength-reduction
// @contract  pipeline
// @summary   Symmetric taps added first, then four products as shifts and adds; STAGES ranks of registers between input and output sums.
// @tune STAGES in [0, 1, 2]
module kernel #(
    parameter STAGES = 0            // 0 none, 1 after the pair sums, 2 also after the products
) (
    input  wire               clk,
    input  wire signed [7:0]  x,
    output reg  signed [18:0] y
);
    reg signed [7:0] t0, t1, t2, t3, t4, t5, t6, t7;
    always @(posedge clk) begin
        t0 <= x;
        t1 <= t0;
        t2 <= t1;
        t3 <= t2;
        t4 <= t3;
        t5 <= t4;
        t6 <= t5;
        t7 <= t6;
    end

    wire signed [8:0] a0 = t0 + t7;
    wire signed [8:0] a1 = t1 + t6;
    wire signed [8:0] a2 = t2 + t5;
    wire signed [8:0] a3 = t3 + t4;
    reg  signed [8:0] b0, b1, b2, b3;

    // y = 93 b3 + 45 b2 - 3 b1 - 7 b0 = 3 (31 b3 + 15 b2 - b1) - 7 b0
    wire signed [14:0] c = (b3 <<< 5) - b3 + (b2 <<< 4) - b2 - b1;
    wire signed [11:0] e = (b0 <<< 3) - b0;
    reg  signed [14:0] cr;
    reg  signed [11:0] er;
    wire signed [16:0] sum = (cr <<< 1) + cr - er;

    always @(posedge clk) y <= sum;

    generate
        if (STAGES >= 1) begin : cut_pairs
            always @(posedge clk) begin
                b0 <= a0;
                b1 <= a1;
                b2 <= a2;
                b3 <= a3;
            end
        end else begin : no_pairs
            always @* begin
                b0 = a0;
                b1 = a1;
                b2 = a2;
                b3 = a3;
            end
        end
        if (STAGES >= 2) begin : cut_products
            always @(posedge clk) begin
                cr <= c;
                er <= e;
            end
        end else begin : no_products
            always @* begin
                cr = c;
                er = e;
            end
        end
    endgenerate
endmodule
