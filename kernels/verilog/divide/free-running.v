// @operation divide
// @method    unroll
// @contract  transaction
// @summary   Restoring steps run freely from the start, BITS per cycle; nothing holds, as results count in one cycle only.
// @tune BITS in [1, 2, 3, 4, 6]
module kernel #(
    parameter W = 8,
    parameter F = 4,
    parameter BITS = 2
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

    reg  [W-1:0]     rest;
    reg  [N-1:0]     low;          // dividend above, quotient entering from below
    reg  [W-1:0]     by;
    reg  [STEPS-1:0] stage;        // the start pulse on its way to done

    // The last group of bits is done combinationally at the output.
    wire [W-1:0]    chain [0:BITS];
    wire [BITS-1:0] bits;
    assign chain[0] = rest;
    genvar i;
    generate
        for (i = 0; i < BITS; i = i + 1) begin : g_step
            wire [W:0] shifted = {chain[i], low[N-1-i]};
            wire [W:0] less;
            wire       fits;
            assign {fits, less} = {1'b0, shifted} + {1'b0, 1'b1, ~by} + 1'b1;
            assign bits[BITS-1-i] = fits;
            assign chain[i+1]     = fits ? less[W-1:0] : shifted[W-1:0];
        end
    endgenerate

    assign done      = stage[STEPS-1];
    assign remainder = chain[BITS];
    assign quotient  = {low[N-1-BITS:0], bits};

    always @(posedge clk) begin
        if (rst) stage <= {STEPS{1'b0}};
        else     stage <= {stage, start};
        rest <= start ? {W{1'b0}} : chain[BITS];
        low  <= start ? {dividend, {F{1'b0}}} : quotient;
        if (start) by <= divisor;
    end
endmodule
