// zoo: task=verilog/pipe_add expect=accepted assurance=proved
// Four stages, carry-save first.
module pipe_add (
    input  wire       clk,
    input  wire       rst,
    input  wire [7:0] a,
    input  wire [7:0] b,
    input  wire [7:0] c,
    output reg  [9:0] s
);
    reg [7:0] x1, y1, x2, y2; reg [4:0] l3; reg [3:0] x3, y3; reg t3;
    wire [7:0] x = a ^ b ^ c, y = (a & b) | (c & (a ^ b));
    wire [5:0] high = x3 + {1'b0, y3, t3} + l3[4];
    always @(posedge clk) begin
        x1 <= x;  y1 <= y;
        x2 <= x1; y2 <= y1;
        l3 <= x2[3:0] + {y2[2:0], 1'b0};
        x3 <= x2[7:4]; y3 <= y2[7:4]; t3 <= y2[3];
        s  <= {high, l3[3:0]};
    end
endmodule
