// zoo: task=verilog/add8 expect=latch_inferred
// No value for odd a: a latch.
module add8 (
    input  wire [7:0] a,
    input  wire [7:0] b,
    output reg  [8:0] s
);
    always @* if (!a[0]) s = a + b;
endmodule
