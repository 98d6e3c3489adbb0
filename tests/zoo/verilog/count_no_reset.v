// zoo: task=verilog/count4 expect=wrong_output
// Never reset: unknown for ever.
module count4 (
    input  wire       clk,
    input  wire       rst,
    input  wire       en,
    output reg  [3:0] q,
    output wire       wrap
);
    assign wrap = en && q == 4'd15;
    always @(posedge clk) if (en) q <= q + 4'd1;
endmodule
