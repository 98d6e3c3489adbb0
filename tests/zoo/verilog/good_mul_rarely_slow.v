// zoo: task=verilog/seq_mul4 expect=accepted assurance=bounded
// Needs eight cycles for one pair of operands, which the simulation may never show.
module seq_mul4 (
    input  wire       clk,
    input  wire       rst,
    input  wire       start,
    input  wire [3:0] a,
    input  wire [3:0] b,
    output reg        done,
    output reg  [7:0] p
);
    reg [2:0] wait_for;
    reg busy;
    always @(posedge clk) begin
        done <= !rst && (start ? {a, b} != 8'h9d : busy && wait_for == 3'd1);
        busy <= !rst && (start ? {a, b} == 8'h9d : busy && wait_for != 3'd1);
        wait_for <= start ? 3'd6 : wait_for - 3'd1;
        if (start) p <= a * b;
    end
endmodule
