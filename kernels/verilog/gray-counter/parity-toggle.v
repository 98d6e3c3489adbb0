// @operation gray-counter
// @method    recode-state
// @contract  cycle_exact
// @summary   A parity flip-flop next to the code tells odd from even steps; every bit toggles on a zero test of those below it.
// @tune FLAT in [0, 1]
module kernel #(
    parameter W = 8,
    parameter FLAT = 0
) (
    input  wire         clk,
    input  wire         rst,
    input  wire         en,
    output reg  [W-1:0] gray,
    output reg          wrap
);
    // Even steps toggle bit 0, odd steps the bit above the lowest 1. The topmost
    // bit has to toggle on the wrap as well, so it does not look at its neighbour.
    reg          odd;
    wire [W-1:0] zero_below;     // bit i: gray[i-1:0] is 0
    wire [W-1:0] toggle;

    genvar i;
    generate
        assign zero_below[0] = 1'b1;
        for (i = 1; i < W; i = i + 1) begin : g_zero
            if (FLAT) assign zero_below[i] = ~|gray[i-1:0];
            else      assign zero_below[i] = zero_below[i-1] & ~gray[i-1];
        end
        assign toggle[0] = ~odd;
        for (i = 1; i < W - 1; i = i + 1) begin : g_toggle
            assign toggle[i] = odd & gray[i-1] & zero_below[i-1];
        end
        assign toggle[W-1] = odd & zero_below[W-2];
    endgenerate

    always @(posedge clk) begin
        if (rst) begin
            gray <= {W{1'b0}};
            odd  <= 1'b0;
            wrap <= 1'b0;
        end else begin
            gray <= gray ^ (toggle & {W{en}});
            odd  <= odd ^ en;
            wrap <= en & toggle[W-1] & gray[W-1] & ~gray[W-2];
        end
    end
endmodule
