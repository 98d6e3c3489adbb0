// zoo: task=verilog/pipe_add expect=latency_exceeded
// Five stages where four are allowed.
module pipe_add (
    input  wire       clk,
    input  wire       rst,
    input  wire [7:0] a,
    input  wire [7:0] b,
    input  wire [7:0] c,
    output reg  [9:0] s
);
    reg [9:0] t1, t2, t3, t4;
    always @(posedge clk) begin
        t1 <= a + b + c;
        t2 <= t1;
        t3 <= t2;
        t4 <= t3;
        s  <= t4;
    end
endmodule
