// zoo: task=verilog/count4 expect=contract_violation
// The clock is gated by hand.
module count4 (
    input  wire       clk,
    input  wire       rst,
    input  wire       en,
    output reg  [3:0] q,
    output wire       wrap
);
    wire go = clk & (en | rst);
    assign wrap = en && q == 4'd15;
    always @(posedge go)
        if (rst) q <= 4'd0;
        else q <= q + 4'd1;
endmodule
