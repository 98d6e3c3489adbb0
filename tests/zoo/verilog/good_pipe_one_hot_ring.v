// zoo: task=verilog/pipe_add expect=accepted assurance=bounded
// The same with a one-hot turn, which is only right after a reset.
module pipe_add (
    input  wire       clk,
    input  wire       rst,
    input  wire [7:0] a,
    input  wire [7:0] b,
    input  wire [7:0] c,
    output reg  [9:0] s
);
    reg [9:0] m0, m1;
    reg [1:0] turn;
    always @(posedge clk) begin
        turn <= rst ? 2'b01 : {turn[0], turn[1]};
        if (turn[0]) m0 <= a + b + c;
        if (turn[1]) m1 <= a + b + c;
        s <= ({10{turn[1]}} & m0) | ({10{turn[0]}} & m1);
    end
endmodule
