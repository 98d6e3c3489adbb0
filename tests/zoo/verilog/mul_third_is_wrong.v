// zoo: task=verilog/seq_mul4 expect=wrong_output
// Counts its transactions and spoils the third.
module seq_mul4 (
    input  wire       clk,
    input  wire       rst,
    input  wire       start,
    input  wire [3:0] a,
    input  wire [3:0] b,
    output reg        done,
    output reg  [7:0] p
);
    reg [1:0] n;
    always @(posedge clk) begin
        done <= !rst && start;
        p <= n == 2'd2 ? 8'd0 : a * b;
        if (rst) n <= 2'd0;
        else if (start && n != 2'd3) n <= n + 2'd1;
    end
endmodule
