// zoo: task=verilog/pipe_add expect=accepted
// A small memory as a delay line.
module pipe_add (
    input  wire       clk,
    input  wire       rst,
    input  wire [7:0] a,
    input  wire [7:0] b,
    input  wire [7:0] c,
    output reg  [9:0] s
);
    reg [8:0] ab [0:1];
    reg [7:0] cc [0:1];
    always @(posedge clk) begin
        ab[0] <= a + b;
        ab[1] <= ab[0];
        cc[0] <= c;
        cc[1] <= cc[0];
        s <= ab[1] + cc[1];
    end
endmodule
