// @operation gray-counter
// @method    lookahead
// @contract  cycle_exact
// @summary   Zero tests of the low bits are taken on the even step and used on the odd one, from CUT registered flags.
// @tune CUT in [1, 2, 3]
module kernel #(
    parameter W = 8,
    parameter CUT = 1
) (
    input  wire         clk,
    input  wire         rst,
    input  wire         en,
    output reg  [W-1:0] gray,
    output reg          wrap
);
    // Bits above 0 move on odd steps only. The even step before such a step
    // leaves them alone, and that step is the time to look for zeros among them.
    // CUT = 1: one flag for gray[W-3:1]; 2: flags for both halves; 3: a flag per bit.
    localparam FLAGS = (CUT == 1) ? 1 : (CUT == 2) ? 2 : W - 3;

    reg              odd;
    reg  [FLAGS-1:0] zero;
    wire [FLAGS-1:0] zero_now;
    wire [W-1:0]     zero_below;   // bit i: gray[i-1:0] is 0, true on odd steps
    wire [W-1:0]     toggle;

    genvar i;
    generate
        assign zero_below[0] = 1'b1;
        assign zero_below[1] = ~gray[0];
        if (CUT == 1) begin : g_one
            assign zero_now[0] = ~|gray[W-3:1];
            for (i = 2; i < W - 2; i = i + 1) begin : g_chain
                assign zero_below[i] = zero_below[i-1] & ~gray[i-1];
            end
            assign zero_below[W-2] = zero_below[1] & zero[0];
        end else if (CUT == 2) begin : g_two
            localparam M = W / 2;
            assign zero_now[0] = ~|gray[M-2:1];
            assign zero_now[1] = ~|gray[W-3:1];
            for (i = 2; i < W - 2; i = i + 1) begin : g_chain
                if (i == M - 1) assign zero_below[i] = zero_below[1] & zero[0];
                else            assign zero_below[i] = zero_below[i-1] & ~gray[i-1];
            end
            assign zero_below[W-2] = zero_below[1] & zero[1];
        end else begin : g_all
            for (i = 2; i < W - 1; i = i + 1) begin : g_flag
                assign zero_now[i-2]  = ~|gray[i-1:1];
                assign zero_below[i] = zero_below[1] & zero[i-2];
            end
        end
        assign zero_below[W-1] = 1'b0;   // not used

        assign toggle[0] = ~odd;
        for (i = 1; i < W - 1; i = i + 1) begin : g_toggle
            assign toggle[i] = odd & gray[i-1] & zero_below[i-1];
        end
        assign toggle[W-1] = odd & zero_below[W-2];
    endgenerate

    // The flags need no enable: while the counter waits on an even step they are
    // taken again from the same code, and on odd steps they hold.
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
        if (!odd)
            zero <= zero_now;
    end
endmodule
