// zoo: task=verilog/pipe_add expect=wrong_output
// c arrives one cycle before a + b.
module pipe_add (
    input  wire       clk,
    input  wire       rst,
    input  wire [7:0] a,
    input  wire [7:0] b,
    input  wire [7:0] c,
    output reg  [9:0] s
);
    reg [8:0] ab;
    always @(posedge clk) begin
        ab <= a + b;
        s  <= ab + c;
    end
endmodule
