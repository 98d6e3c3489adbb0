// First-word-fall-through FIFO: memory, two pointers and a counter.
// Pushing when full and popping when empty have no effect.
module fifo16x8 #(
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
    output reg  [4:0]   count
);
    reg [W-1:0] memory [0:DEPTH-1];
    reg [4:0]   write_at;
    reg [4:0]   read_at;

    assign full  = (count == DEPTH);
    assign empty = (count == 0);
    assign dout  = memory[read_at[3:0]];

    wire do_push = push & ~full;
    wire do_pop  = pop & ~empty;

    integer i;
    always @(posedge clk) begin
        if (rst) begin
            write_at <= 0;
            read_at  <= 0;
            count    <= 0;
            for (i = 0; i < DEPTH; i = i + 1)
                memory[i] <= 0;
        end else begin
            if (do_push) begin
                memory[write_at[3:0]] <= din;
                write_at <= (write_at == DEPTH - 1) ? 0 : write_at + 1;
            end
            if (do_pop)
                read_at <= (read_at == DEPTH - 1) ? 0 : read_at + 1;
            count <= count + do_push - do_pop;
        end
    end
endmodule
