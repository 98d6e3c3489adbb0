// zoo: task=verilog/add8 expect=wrong_output
// Unknown for even a: synthesis may choose, simulation must not be fooled.
module add8 (
    input  wire [7:0] a,
    input  wire [7:0] b,
    output wire [8:0] s
);
    assign s = a[0] ? a + b : 9'bx;
endmodule
