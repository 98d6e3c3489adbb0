// @operation fir
// @method    retime
// @contract  pipeline
// @summary   Transposed form: the delay line moves into the sums, so one addition separates registers; products are shifts and adds.
// @tune PRODUCT_REGISTER in [0, 1]
module kernel #(
    parameter PRODUCT_REGISTER = 0
) (
    input  wire               clk,
    input  wire signed [7:0]  x,
    output wire signed [18:0] y
);
    reg signed [7:0] xr;
    always @(posedge clk) xr <= x;

    // The four distinct products (the filter is symmetric): 93 = 3 * 31 and 45 = 48 - 3 share 3x.
    wire signed [9:0]  x3  = xr + (xr <<< 1);
    wire signed [14:0] m93 = (x3 <<< 5) - x3;
    wire signed [13:0] m45 = (x3 <<< 4) - x3;
    wire signed [10:0] m7  = (xr <<< 3) - xr;

    reg signed [14:0] p93;
    reg signed [13:0] p45;
    reg signed [10:0] p7;
    reg signed [9:0]  p3;
    generate
        if (PRODUCT_REGISTER) begin : registered
            always @(posedge clk) begin
                p93 <= m93;
                p45 <= m45;
                p7  <= m7;
                p3  <= x3;
            end
        end else begin : direct
            always @* begin
                p93 = m93;
                p45 = m45;
                p7  = m7;
                p3  = x3;
            end
        end
    endgenerate

    // z7 holds the oldest tap's share; each sum only as wide as its worst case.
    reg signed [10:0] z7;
    reg signed [11:0] z6;
    reg signed [13:0] z5;
    reg signed [15:0] z4;
    reg signed [15:0] z3;
    reg signed [16:0] z2, z1, z0;
    always @(posedge clk) begin
        z7 <= -p7;
        z6 <= z7 - p3;
        z5 <= z6 + p45;
        z4 <= z5 + p93;
        z3 <= z4 + p93;
        z2 <= z3 + p45;
        z1 <= z2 - p3;
        z0 <= z1 - p7;
    end
    assign y = z0;
endmodule
