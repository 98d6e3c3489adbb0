// @operation divide
// @method    restructure
// @contract  transaction
// @summary   Non-restoring: every step adds or subtracts, with no selection behind the adder; the remainder is mended at the end.
// @tune BITS in [1, 2, 3]
module kernel #(
    parameter W = 8,
    parameter F = 4,
    parameter BITS = 1
) (
    input  wire           clk,
    input  wire           rst,
    input  wire           start,
    input  wire [W-1:0]   dividend,
    input  wire [W-1:0]   divisor,
    output wire            done,
    output wire [W+F-1:0] quotient,
    output wire [W-1:0]   remainder
);
    localparam N     = W + F;      // quotient bits, a multiple of BITS
    localparam STEPS = N / BITS;

    reg  [W:0]     rest;           // partial remainder, signed
    reg  [N-1:0]   low;
    reg  [W-1:0]   by;
    reg  [STEPS:0] stage;

    wire [W:0]      chain [0:BITS];
    wire [BITS-1:0] bits;
    wire            by_zero = ~|by;    // the rest then outgrows its sign bit
    assign chain[0] = rest;
    genvar i;
    generate
        for (i = 0; i < BITS; i = i + 1) begin : g_step
            // A negative rest takes the divisor back, one place lower. The sign
            // of 2 * rest is that of rest, so W + 1 bits are enough for the sum.
            wire         add  = chain[i][W];
            wire [W+1:0] twice = {chain[i], low[N-1-i]};
            wire [W+1:0] sum   = twice + ({2'b00, by} ^ {(W+2){~add}}) + {{(W+1){1'b0}}, ~add};
            assign bits[BITS-1-i] = ~sum[W+1] | by_zero;
            assign chain[i+1]     = sum[W:0];
        end
    endgenerate

    assign done      = stage[STEPS];
    assign quotient  = low;
    assign remainder = rest[W-1:0] + (by & {W{rest[W]}});

    always @(posedge clk) begin
        if (rst) stage <= {(STEPS+1){1'b0}};
        else     stage <= {stage, start};
        rest <= start ? {(W+1){1'b0}} : chain[BITS];
        low  <= start ? {dividend, {F{1'b0}}} : {low[N-1-BITS:0], bits};
        if (start) by <= divisor;
    end
endmodule
