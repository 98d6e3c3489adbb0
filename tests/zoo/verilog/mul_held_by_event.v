// zoo: task=verilog/seq_mul4 expect=not_equivalent|wrong_output|latency_exceeded
// The sensitivity list holds `start` for one cycle in simulation; in synthesis `done` is never high.
module seq_mul4 (
    input  wire       clk,
    input  wire       rst,
    input  wire       start,
    input  wire [3:0] a,
    input  wire [3:0] b,
    output reg        done,
    output reg  [7:0] p
);
    reg held, tick;
    always @(tick) held = start;
    always @(posedge clk) tick <= rst ? 1'b0 : ~tick;
    always @* done = held & ~start & tick | held & ~start & ~tick;
    always @(posedge clk) if (start) p <= a * b;
endmodule
