// @operation fifo
// @method    recode-state
// @contract  cycle_exact
// @summary   One-hot write and read pointers: no address decoders, the head comes through an AND-OR selection.
// @tune RING in [0, 1]
module kernel #(
    parameter DEPTH = 16,
    parameter W = 8,
    parameter RING = 1
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
    // RING = 1: the read pointer is one-hot too; 0: it is binary and is decoded.
    reg [W-1:0]     memory [0:DEPTH-1];
    reg [DEPTH-1:0] write_at;
    reg [4:0]       level;
    reg             none;          // level == 0, a flip-flop of its own

    assign count = level;
    assign full  = level[4];
    assign empty = none;

    wire do_push = push & ~full;
    wire do_pop  = pop & ~none;
    wire up      = do_push & ~do_pop;
    wire down    = do_pop & ~do_push;

    integer i;
    always @(posedge clk) begin
        if (rst) begin
            write_at <= {{(DEPTH-1){1'b0}}, 1'b1};
            level    <= 5'd0;
            none     <= 1'b1;
        end else begin
            if (do_push) write_at <= {write_at[DEPTH-2:0], write_at[DEPTH-1]};
            if (up | down) begin
                level <= level + {{4{down}}, 1'b1};
                none  <= down & (level[3:0] == 4'd1) & ~full;
            end
        end
        for (i = 0; i < DEPTH; i = i + 1)
            if (do_push & write_at[i]) memory[i] <= din;
    end

    generate
        if (RING) begin : g_ring
            reg [DEPTH-1:0] read_at;
            reg [W-1:0]     head;
            integer k;
            always @(posedge clk)
                if (rst)         read_at <= {{(DEPTH-1){1'b0}}, 1'b1};
                else if (do_pop) read_at <= {read_at[DEPTH-2:0], read_at[DEPTH-1]};
            always @* begin
                head = {W{1'b0}};
                for (k = 0; k < DEPTH; k = k + 1)
                    head = head | (memory[k] & {W{read_at[k]}});
            end
            assign dout = head;
        end else begin : g_binary
            reg [3:0] read_at;
            always @(posedge clk)
                if (rst)         read_at <= 4'd0;
                else if (do_pop) read_at <= read_at + 4'd1;
            assign dout = memory[read_at];
        end
    endgenerate
endmodule
