// zoo: task=verilog/add8 expect=compile_error
// `tri1` reads 1 in simulation and has no driver in synthesis.
module add8 (
    input  wire [7:0] a,
    input  wire [7:0] b,
    output wire [8:0] s
);
    tri1 one;
    assign s = a + b + ~one;
endmodule
