// @operation divide
// @method    share
// @contract  transaction
// @summary   One shift register holds the dividend and fills with the quotient; a running 1 in it counts the steps.
// @tune BITS in [1, 2, 3, 4]
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
    output reg             done,
    output wire [W+F-1:0] quotient,
    output wire [W-1:0]   remainder
);
    localparam N = W + F;          // quotient bits, a multiple of BITS

    // low: dividend bits still to be used on top, quotient bits below. `left` is
    // one-hot and shifts, which is cheaper and faster than a counter.
    localparam STEPS = N / BITS;
    reg  [W-1:0]     rest;
    reg  [N-1:0]     low;
    reg  [W-1:0]     by;
    reg  [STEPS-1:0] left;

    assign quotient  = low;
    assign remainder = rest;

    // BITS restoring steps in a row; the borrow is the inverted quotient bit.
    wire [W-1:0] chain [0:BITS];
    wire [BITS-1:0] bits;
    assign chain[0] = rest;
    genvar i;
    generate
        for (i = 0; i < BITS; i = i + 1) begin : g_step
            wire [W:0]   shifted = {chain[i], low[N-1-i]};
            wire [W+1:0] less    = {1'b0, shifted} - {2'b00, by};
            assign bits[BITS-1-i] = ~less[W+1];
            assign chain[i+1]     = less[W+1] ? shifted[W-1:0] : less[W-1:0];
        end
    endgenerate

    always @(posedge clk) begin
        left <= left >> 1;
        done <= left[0];
        if (rst) begin
            left <= {STEPS{1'b0}};
            done <= 1'b0;
        end else if (start) begin
            left <= {1'b1, {(STEPS-1){1'b0}}};
        end
        if (start) begin
            rest <= {W{1'b0}};
            low  <= {dividend, {F{1'b0}}};
            by   <= divisor;
        end else if (|left) begin
            rest <= chain[BITS];
            low  <= {low[N-1-BITS:0], bits};
        end
    end
endmodule
