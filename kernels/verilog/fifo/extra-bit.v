// @operation fifo
// @method    narrow
// @contract  cycle_exact
// @summary   Pointers with one extra bit give full, empty and count, so there is no counter; the memory has no reset.
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
    // DEPTH is a power of two: pointers wrap by themselves.
    reg [W-1:0] memory [0:DEPTH-1];
    reg [4:0]   write_at;
    reg [4:0]   read_at;

    assign count = write_at - read_at;
    assign empty = (write_at == read_at);
    assign full  = (write_at == (read_at ^ 5'd16));
    assign dout  = memory[read_at[3:0]];

    wire do_push = push & ~full;
    wire do_pop  = pop & ~empty;

    always @(posedge clk) begin
        if (rst) begin
            write_at <= 5'd0;
            read_at  <= 5'd0;
        end else begin
            write_at <= write_at + {4'd0, do_push};
            read_at  <= read_at + {4'd0, do_pop};
        end
        if (do_push)
            memory[write_at[3:0]] <= din;
    end
endmodule
