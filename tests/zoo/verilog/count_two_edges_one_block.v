// zoo: task=verilog/count4 expect=compile_error
// Both edges of the clock in one block.
module count4 (
    input  wire       clk,
    input  wire       rst,
    input  wire       en,
    output reg  [3:0] q,
    output wire       wrap
);
    assign wrap = en && q == 4'd15;
    always @(posedge clk or negedge clk)
        if (rst) q <= 4'd0;
        else if (en) q <= q + 4'd1;
endmodule
