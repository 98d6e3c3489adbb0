// zoo: task=verilog/pipe_add expect=wrong_output
// Takes an input every other cycle.
module pipe_add (
    input  wire       clk,
    input  wire       rst,
    input  wire [7:0] a,
    input  wire [7:0] b,
    input  wire [7:0] c,
    output reg  [9:0] s
);
    reg phase;
    reg [9:0] t;
    always @(posedge clk) begin
        phase <= rst ? 1'b0 : ~phase;
        if (phase) t <= a + b + c;
        s <= t;
    end
endmodule
