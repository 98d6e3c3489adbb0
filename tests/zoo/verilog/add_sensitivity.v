// zoo: task=verilog/add8 expect=wrong_output
// b is not in the sensitivity list: synthesis adds it, simulation does not.
module add8 (
    input  wire [7:0] a,
    input  wire [7:0] b,
    output reg  [8:0] s
);
    always @(a) s = a + b;
endmodule
