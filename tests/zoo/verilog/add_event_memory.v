// zoo: task=verilog/add8 expect=wrong_output
// Keeps the previous b between events, which no gate would.
module add8 (
    input  wire [7:0] a,
    input  wire [7:0] b,
    output reg  [8:0] s
);
    reg [7:0] old;
    always @(a) old = b;
    always @* s = a + old;
endmodule
