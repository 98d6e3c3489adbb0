// @operation fir
// @method    pipeline
// @contract  pipeline
// @summary   Direct form with registers after the products and after LEVELS levels of a balanced adder tree.
// @tune LEVELS in [0, 1, 2]
module kernel #(
    parameter LEVELS = 1
) (
    input  wire               clk,
    input  wire signed [7:0]  x,
    output reg  signed [18:0] y
);
    reg signed [7:0]  t0, t1, t2, t3, t4, t5, t6, t7;
    reg signed [15:0] p0, p1, p2, p3, p4, p5, p6, p7;
    reg signed [16:0] s0, s1, s2, s3;
    reg signed [17:0] u0, u1;

    always @(posedge clk) begin
        t0 <= x;
        t1 <= t0;
        t2 <= t1;
        t3 <= t2;
        t4 <= t3;
        t5 <= t4;
        t6 <= t5;
        t7 <= t6;
        p0 <= t0 * -8'sd7;
        p1 <= t1 * -8'sd3;
        p2 <= t2 *  8'sd45;
        p3 <= t3 *  8'sd93;
        p4 <= t4 *  8'sd93;
        p5 <= t5 *  8'sd45;
        p6 <= t6 * -8'sd3;
        p7 <= t7 * -8'sd7;
        y  <= u0 + u1;
    end

    generate
        if (LEVELS >= 1) begin : cut_first
            always @(posedge clk) begin
                s0 <= p0 + p1;
                s1 <= p2 + p3;
                s2 <= p4 + p5;
                s3 <= p6 + p7;
            end
        end else begin : no_first
            always @* begin
                s0 = p0 + p1;
                s1 = p2 + p3;
                s2 = p4 + p5;
                s3 = p6 + p7;
            end
        end
        if (LEVELS >= 2) begin : cut_second
            always @(posedge clk) begin
                u0 <= s0 + s1;
                u1 <= s2 + s3;
            end
        end else begin : no_second
            always @* begin
                u0 = s0 + s1;
                u1 = s2 + s3;
            end
        end
    endgenerate
endmodule
