// zoo: task=verilog/add8 expect=forbidden_construct
// The right sum for the simulator, an OR for synthesis.
module add8 (
    input  wire [7:0] a,
    input  wire [7:0] b,
    output wire [8:0] s
);
    // synopsys translate_off
    `define SUM (a + b)
    // synopsys translate_on
    `ifndef SUM
    `define SUM (a | b)
    `endif
    assign s = `SUM;
endmodule
