// @operation gray-counter
// @method    retime
// @contract  cycle_exact
// @summary   A binary counter runs one step ahead, so the Gray register is loaded through a single XOR level.
module kernel #(
    parameter W = 8
) (
    input  wire         clk,
    input  wire         rst,
    input  wire         en,
    output reg  [W-1:0] gray,
    output reg          wrap
);
    reg [W-1:0] ahead;           // index of the next code

    always @(posedge clk) begin
        if (rst) begin
            ahead <= {{(W-1){1'b0}}, 1'b1};
            gray  <= {W{1'b0}};
            wrap  <= 1'b0;
        end else begin
            if (en) begin
                ahead <= ahead + 1'b1;
                gray  <= ahead ^ (ahead >> 1);
            end
            wrap <= en & ~|ahead;
        end
    end
endmodule
