// zoo: task=verilog/count4 expect=wrong_output
// `wrap` one cycle late.
module count4 (
    input  wire       clk,
    input  wire       rst,
    input  wire       en,
    output reg  [3:0] q,
    output reg        wrap
);
    always @(posedge clk) begin
        wrap <= !rst && en && q == 4'd15;
        if (rst) q <= 4'd0;
        else if (en) q <= q + 4'd1;
    end
endmodule
