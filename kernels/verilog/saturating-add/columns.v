// @operation saturating-add
// @method    narrow
// @contract  combinational
// @summary   Offset lanes summed as narrow unsigned numbers, LOW bits and the rest apart; only the final add is full width.
// @tune LOW in [4, 8, 12]
module kernel #(
    parameter LOW = 8
) (
    input  wire [127:0]       v,
    output wire signed [15:0] s
);
    localparam HIGH = 16 - LOW;

    reg [LOW+2:0]  low;             // at most 8 * (2^LOW - 1)
    reg [HIGH+2:0] high;
    integer i;
    always @* begin
        low  = {(LOW+3){1'b0}};
        high = {(HIGH+3){1'b0}};
        for (i = 0; i < 8; i = i + 1) begin
            low  = low  + v[16*i +: LOW];
            // inverted sign bit: value + 2^15, no sign extension
            high = high + {~v[16*i+15], v[16*i+LOW +: HIGH-1]};
        end
    end

    wire [HIGH+2:0] top = high + low[LOW+2:LOW];
    wire [18:0] total = {top, low[LOW-1:0]};         // sum + 2^18
    wire neg  = ~total[18];
    wire fits = neg ? &total[17:15] : ~|total[17:15];
    assign s = fits ? total[15:0] : {neg, {15{~neg}}};
endmodule
