// zoo: task=verilog/pipe_add expect=accepted assurance=bounded
// Two words take turns in a memory: state that feeds itself, but the stream is right.
module pipe_add (
    input  wire       clk,
    input  wire       rst,
    input  wire [7:0] a,
    input  wire [7:0] b,
    input  wire [7:0] c,
    output reg  [9:0] s
);
    reg [9:0] m0, m1;
    reg turn;
    always @(posedge clk) begin
        turn <= rst ? 1'b1 : ~turn;
        if (turn) m1 <= a + b + c; else m0 <= a + b + c;
        s <= turn ? m0 : m1;
    end
endmodule
