// @operation multiply
// @method    booth
// @contract  combinational
// @summary   Radix-4 Booth recoding of b: W / 2 + 1 rows of -2a to 2a instead of W rows, summed together with their sign corrections.
module kernel #(
    parameter W = 8
) (
    input  wire [W-1:0]   a,
    input  wire [W-1:0]   b,
    output wire [2*W-1:0] p
);
    localparam ROWS = W / 2 + 1;

    wire [2*ROWS:0] y;
    assign y = {2'b00, b, 1'b0};                  // the last digit is 0 or 1

    reg [2*W-1:0] acc;
    reg [W:0]     row;
    reg           one, two, neg;
    integer i;
    always @* begin
        // A negative row is its complement: the missing one is added in its lowest place. The sign extensions of all rows together
        // are a constant and one inverted sign bit a row.
        acc = {2*W{1'b0}};
        for (i = 0; i < ROWS; i = i + 1)
            acc = acc - ({{2*W-1{1'b0}}, 1'b1} << (2*i + W + 1));
        for (i = 0; i < ROWS; i = i + 1) begin
            one = y[2*i+1] ^ y[2*i];
            two = (y[2*i+2] ^ y[2*i+1]) & ~one;
            neg = y[2*i+2] & ~(y[2*i+1] & y[2*i]);
            row = (({W+1{one}} & {1'b0, a}) | ({W+1{two}} & {a, 1'b0})) ^ {W+1{neg}};
            acc = acc + ({{W-1{1'b0}}, ~neg, row} << 2*i) + ({{2*W-1{1'b0}}, neg} << 2*i);
        end
    end
    assign p = acc;
endmodule
