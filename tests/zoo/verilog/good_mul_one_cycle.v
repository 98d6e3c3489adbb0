// zoo: task=verilog/seq_mul4 expect=accepted assurance=bounded
// The product in the next cycle.
module seq_mul4 (
    input  wire       clk,
    input  wire       rst,
    input  wire       start,
    input  wire [3:0] a,
    input  wire [3:0] b,
    output reg        done,
    output reg  [7:0] p
);
    always @(posedge clk) begin
        done <= !rst && start;
        p    <= a * b;
    end
endmodule
