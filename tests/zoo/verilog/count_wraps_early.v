// zoo: task=verilog/count4 expect=wrong_output
// Wraps at fourteen.
module count4 (
    input  wire       clk,
    input  wire       rst,
    input  wire       en,
    output reg  [3:0] q,
    output wire       wrap
);
    assign wrap = en && q == 4'd14;
    always @(posedge clk)
        if (rst || wrap) q <= 4'd0;
        else if (en) q <= q + 4'd1;
endmodule
