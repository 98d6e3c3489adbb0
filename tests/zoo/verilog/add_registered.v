// zoo: task=verilog/add8 expect=port_mismatch
// A clock that the task does not give.
module add8 (
    input  wire       clk,
    input  wire [7:0] a,
    input  wire [7:0] b,
    output reg  [8:0] s
);
    always @(posedge clk) s <= a + b;
endmodule
