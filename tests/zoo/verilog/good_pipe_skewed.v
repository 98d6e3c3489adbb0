// zoo: task=verilog/pipe_add expect=accepted assurance=proved
// Low and high halves in different stages.
module pipe_add (
    input  wire       clk,
    input  wire       rst,
    input  wire [7:0] a,
    input  wire [7:0] b,
    input  wire [7:0] c,
    output wire [9:0] s
);
    reg [3:0] a1, b1, c1; reg [5:0] low; reg [3:0] low2; reg [5:0] high;
    always @(posedge clk) begin
        low <= a[3:0] + b[3:0] + c[3:0];
        a1 <= a[7:4]; b1 <= b[7:4]; c1 <= c[7:4];
        high <= a1 + b1 + c1 + low[5:4];
        low2 <= low[3:0];
    end
    assign s = {high, low2};
endmodule
