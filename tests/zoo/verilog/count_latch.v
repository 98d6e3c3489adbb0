// zoo: task=verilog/count4 expect=latch_inferred
// A transparent latch behind the counter.
module count4 (
    input  wire       clk,
    input  wire       rst,
    input  wire       en,
    output reg  [3:0] q,
    output wire       wrap
);
    reg [3:0] n;
    assign wrap = en && q == 4'd15;
    always @* if (clk) q = n;
    always @(posedge clk) n <= rst ? 4'd0 : n + {3'd0, en};
endmodule
