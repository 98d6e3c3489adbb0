// zoo: task=verilog/add8 expect=forbidden_construct
// Asks which tool reads it.
module add8 (
    input  wire [7:0] a,
    input  wire [7:0] b,
    output wire [8:0] s
);
    `ifdef SYNTHESIS
    assign s = a | b;
    `else
    assign s = a + b;
    `endif
endmodule
