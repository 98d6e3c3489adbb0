// zoo: task=verilog/seq_mul4 expect=latency_exceeded
// Rests between the bits.
module seq_mul4 (
    input  wire       clk,
    input  wire       rst,
    input  wire       start,
    input  wire [3:0] a,
    input  wire [3:0] b,
    output reg        done,
    output reg  [7:0] p
);
    reg [7:0] x;
    reg [3:0] y;
    reg [2:0] left;
    reg rest;
    always @(posedge clk) begin
        done <= 1'b0;
        if (rst) left <= 3'd0;
        else if (start) begin
            x    <= {4'd0, a};
            y    <= b;
            p    <= 8'd0;
            left <= 3'd4;
            rest <= 1'b0;
        end else if (left != 3'd0 && !rest) rest <= 1'b1;
        else if (left != 3'd0) begin
            rest <= 1'b0;
            if (y[0]) p <= p + x;
            x    <= x << 1;
            y    <= y >> 1;
            left <= left - 3'd1;
            done <= left == 3'd1;
        end
    end
endmodule
