// @operation divide
// @method    narrow
// @contract  transaction
// @summary   The whole division as an array of shrinking subtractors behind the input registers; done one cycle after start.
module kernel #(
    parameter W = 8,
    parameter F = 4
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
    localparam N = W + F;

    reg [W-1:0] number;
    reg [W-1:0] by;

    // In row i < W the rest has at most i + 1 significant bits: subtract those
    // and test the divisor's upper bits for zero.
    wire [W-1:0] chain [0:N];
    wire [N-1:0] above;            // above[i]: by has a 1 beyond row i's width
    wire [N-1:0] digits = {number, {F{1'b0}}};
    assign chain[0] = {W{1'b0}};
    genvar i;
    generate
        for (i = 0; i < N; i = i + 1) begin : g_row
            localparam S = (i < W) ? i + 1 : W + 1;    // width of the shifted rest
            wire [S-1:0] shifted;
            wire [S:0]   less;
            if (i == 0)     assign shifted = digits[N-1];
            else            assign shifted = {chain[i][S-2:0], digits[N-1-i]};
            if (i < W - 1)  assign above[i] = |by[W-1:S];
            else            assign above[i] = 1'b0;
            if (S > W)      assign less = {1'b0, shifted} - {2'b00, by};
            else            assign less = {1'b0, shifted} - {1'b0, by[S-1:0]};
            wire fits = ~less[S] & ~above[i];
            assign quotient[N-1-i] = fits;
            if (S >= W) assign chain[i+1] = fits ? less[W-1:0] : shifted[W-1:0];
            else        assign chain[i+1] = {{(W-S){1'b0}}, fits ? less[S-1:0] : shifted};
        end
    endgenerate
    assign remainder = chain[N];

    always @(posedge clk) begin
        done <= start & ~rst;
        if (start) begin
            number <= dividend;
            by     <= divisor;
        end
    end
endmodule
