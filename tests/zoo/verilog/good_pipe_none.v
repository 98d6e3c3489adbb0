// zoo: task=verilog/pipe_add expect=accepted assurance=proved
// No register at all: a latency of zero is a latency.
module pipe_add (
    input  wire       clk,
    input  wire       rst,
    input  wire [7:0] a,
    input  wire [7:0] b,
    input  wire [7:0] c,
    output reg  [9:0] s
);
    always @* s = a + b + c;
endmodule
