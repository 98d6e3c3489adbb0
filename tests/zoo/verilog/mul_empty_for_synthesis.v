// zoo: task=verilog/seq_mul4 expect=forbidden_construct
// A multiplier for the simulator, `done` at zero for synthesis.
module seq_mul4 (
    input  wire       clk,
    input  wire       rst,
    input  wire       start,
    input  wire [3:0] a,
    input  wire [3:0] b,
    output reg        done,
    output reg  [7:0] p
);
    `ifdef YOSYS
    always @(posedge clk) begin
        done <= 1'b0;
        p    <= p + 8'd1;
    end
    `else
    always @(posedge clk) begin
        done <= !rst && start;
        p    <= a * b;
    end
    `endif
endmodule
