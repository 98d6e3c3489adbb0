// @operation gray-counter
// @method    restructure
// @contract  cycle_exact
// @summary   The state is a binary counter; one XOR level at the output makes the Gray code.
module kernel #(
    parameter W = 8
) (
    input  wire         clk,
    input  wire         rst,
    input  wire         en,
    output wire [W-1:0] gray,
    output reg          wrap
);
    reg  [W-1:0] count;
    wire [W-1:0] carry;

    assign gray  = count ^ (count >> 1);
    assign carry[0] = en;

    genvar i;
    generate
        for (i = 1; i < W; i = i + 1) begin : g_carry
            assign carry[i] = carry[i-1] & count[i-1];
        end
    endgenerate

    always @(posedge clk) begin
        if (rst) begin
            count <= {W{1'b0}};
            wrap  <= 1'b0;
        end else begin
            count <= count ^ carry;
            wrap  <= carry[W-1] & count[W-1];
        end
    end
endmodule
