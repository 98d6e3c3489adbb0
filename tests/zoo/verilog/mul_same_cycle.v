// zoo: task=verilog/seq_mul4 expect=contract_violation
// Answers in the cycle of `start` itself.
module seq_mul4 (
    input  wire       clk,
    input  wire       rst,
    input  wire       start,
    input  wire [3:0] a,
    input  wire [3:0] b,
    output reg        done,
    output reg  [7:0] p
);
    always @* begin
        done = start;
        p    = a * b;
    end
endmodule
