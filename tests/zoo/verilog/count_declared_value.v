// zoo: task=verilog/count4 expect=forbidden_construct
// A start value in the declaration instead of a reset.
module count4 (
    input  wire       clk,
    input  wire       rst,
    input  wire       en,
    output wire [3:0] q,
    output wire       wrap
);
    reg [3:0] n = 4'd0;
    assign q = n;
    assign wrap = en && n == 4'd15;
    always @(posedge clk)
        if (rst) n <= 4'd0;
        else if (en) n <= n + 4'd1;
endmodule
