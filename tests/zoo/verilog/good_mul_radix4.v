// zoo: task=verilog/seq_mul4 expect=accepted assurance=bounded
// Two bits a cycle.
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
    reg [1:0] busy;
    always @(posedge clk) begin
        done <= !rst && !start && busy[1];
        busy <= rst ? 2'b00 : {busy[0] & ~start, start};
        if (start) begin
            x <= {4'd0, a};
            y <= b;
            p <= 8'd0;
        end else begin
            p <= p + (x & {8{y[0]}}) + ({x[6:0], 1'b0} & {8{y[1]}});
            x <= x << 2;
            y <= y >> 2;
        end
    end
endmodule
