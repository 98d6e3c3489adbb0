// zoo: task=verilog/count4 expect=wrong_output
// Counts always.
module count4 (
    input  wire       clk,
    input  wire       rst,
    input  wire       en,
    output reg  [3:0] q,
    output wire       wrap
);
    assign wrap = en && q == 4'd15;
    always @(posedge clk)
        if (rst) q <= 4'd0;
        else q <= q + 4'd1;
endmodule
