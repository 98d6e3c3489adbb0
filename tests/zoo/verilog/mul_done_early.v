// zoo: task=verilog/seq_mul4 expect=wrong_output
// `done` one cycle before the product.
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
    always @(posedge clk) begin
        done <= 1'b0;
        if (rst) left <= 3'd0;
        else if (start) begin
            x    <= {4'd0, a};
            y    <= b;
            p    <= 8'd0;
            left <= 3'd4;
        end else if (left != 3'd0) begin
            if (y[0]) p <= p + x;
            x    <= x << 1;
            y    <= y >> 1;
            left <= left - 3'd1;
            done <= left == 3'd2;
        end
    end
endmodule
