// zoo: task=verilog/pipe_add expect=wrong_output
// One bit is not registered.
module pipe_add (
    input  wire       clk,
    input  wire       rst,
    input  wire [7:0] a,
    input  wire [7:0] b,
    input  wire [7:0] c,
    output reg  [9:0] s
);
    reg [9:0] t;
    always @(posedge clk) t <= a + b + c;
    always @* s = {t[9:1], a[0] ^ b[0] ^ c[0]};
endmodule
