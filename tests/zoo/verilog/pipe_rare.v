// zoo: task=verilog/pipe_add expect=not_equivalent
// Wrong for one of 2^24 inputs.
module pipe_add (
    input  wire       clk,
    input  wire       rst,
    input  wire [7:0] a,
    input  wire [7:0] b,
    input  wire [7:0] c,
    output reg  [9:0] s
);
    reg [9:0] t;
    always @(posedge clk) begin
        t <= (a == 8'h6b && b == 8'h94 && c == 8'hd2) ? 10'd0 : a + b + c;
        s <= t;
    end
endmodule
