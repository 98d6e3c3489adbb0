// @operation fifo
// @method    share
// @contract  cycle_exact
// @summary   Words shift in at the bottom on a push, one enable for all of them; the read address is the level itself.
module kernel #(
    parameter DEPTH = 16,
    parameter W = 8
) (
    input  wire         clk,
    input  wire         rst,
    input  wire         push,
    input  wire         pop,
    input  wire [W-1:0] din,
    output wire [W-1:0] dout,
    output wire         full,
    output wire         empty,
    output wire [4:0]   count
);
    // A push moves every word one slot up, so there is no write decoder and no
    // write pointer: the oldest word sits at level - 1.
    reg [W-1:0] slot [0:DEPTH-1];
    reg [4:0]   level;
    reg [3:0]   oldest;            // level - 1, kept to spare the subtraction

    assign count = level;
    assign full  = level[4];
    assign empty = ~|level;
    assign dout  = slot[oldest];

    wire do_push = push & ~full;
    wire do_pop  = pop & ~empty;

    integer i;
    always @(posedge clk) begin
        if (rst) begin
            level  <= 5'd0;
            oldest <= 4'd15;
        end else if (do_push ^ do_pop) begin
            level  <= level + {{4{do_pop}}, 1'b1};
            oldest <= oldest + {{3{do_pop}}, 1'b1};
        end
        if (do_push) begin
            slot[0] <= din;
            for (i = 1; i < DEPTH; i = i + 1)
                slot[i] <= slot[i-1];
        end
    end
endmodule
