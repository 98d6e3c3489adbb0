// zoo: task=verilog/seq_mul4 expect=contract_violation|wrong_output
// `done` is unknown until the first product.
module seq_mul4 (
    input  wire       clk,
    input  wire       rst,
    input  wire       start,
    input  wire [3:0] a,
    input  wire [3:0] b,
    output reg        done,
    output reg  [7:0] p
);
    reg ready;
    always @* done = ready;
    always @(posedge clk) begin
        if (start) p <= a * b;
        if (start) ready <= 1'b1; else if (ready) ready <= 1'b0;
    end
endmodule
