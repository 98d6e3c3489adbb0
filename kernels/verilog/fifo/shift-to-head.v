// @operation fifo
// @method    memory-style
// @contract  cycle_exact
// @summary   Words shift towards a fixed head on a pop; thermometer occupancy picks the slot that a push fills.
// @tune COUNTER in [0, 1]
module kernel #(
    parameter DEPTH = 16,
    parameter W = 8,
    parameter COUNTER = 1
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
    // held[i]: slot i holds a word. Slots above the occupied ones may take any
    // value, so each slot needs to know only whether it stays, shifts or loads.
    // COUNTER = 1: count in a register of its own; 0: count encoded from held.
    reg [W-1:0]     slot [0:DEPTH-1];
    reg [DEPTH-1:0] held;

    assign full  = held[DEPTH-1];
    assign empty = ~held[0];
    assign dout  = slot[0];

    wire do_push = push & ~full;
    wire do_pop  = pop & ~empty;

    integer i;
    always @(posedge clk) begin
        if (rst)                    held <= {DEPTH{1'b0}};
        else if (do_push & ~do_pop) held <= {held[DEPTH-2:0], 1'b1};
        else if (do_pop & ~do_push) held <= {1'b0, held[DEPTH-1:1]};

        // A pop takes the word above if there is one and the new word if not;
        // without a pop, an empty slot follows din until a push makes it held.
        for (i = 0; i < DEPTH - 1; i = i + 1)
            if (pop ? ~held[i+1] : ~held[i]) slot[i] <= din;
            else if (pop)                    slot[i] <= slot[i+1];
        if (~held[DEPTH-1]) slot[DEPTH-1] <= din;
    end

    generate
        if (COUNTER) begin : g_counter
            reg [4:0] level;
            always @(posedge clk)
                if (rst)                      level <= 5'd0;
                else if (do_push ^ do_pop) level <= level + {{4{do_pop}}, 1'b1};
            assign count = level;
        end else begin : g_encode
            // Binary code of a thermometer: bit k changes at multiples of 2^k.
            assign count[4] = held[15];
            assign count[3] = held[7] & ~held[15];
            assign count[2] = (held[3] & ~held[7]) | (held[11] & ~held[15]);
            assign count[1] = (held[1] & ~held[3]) | (held[5] & ~held[7])
                            | (held[9] & ~held[11]) | (held[13] & ~held[15]);
            assign count[0] = (held[0] & ~held[1]) | (held[2] & ~held[3])
                            | (held[4] & ~held[5]) | (held[6] & ~held[7])
                            | (held[8] & ~held[9]) | (held[10] & ~held[11])
                            | (held[12] & ~held[13]) | (held[14] & ~held[15]);
        end
    endgenerate
endmodule
