// zoo: task=verilog/add8 expect=compile_error|wrong_output
// Two drivers of different strength: simulation resolves them, gates cannot.
module add8 (
    input  wire [7:0] a,
    input  wire [7:0] b,
    output wire [8:0] s
);
    assign (strong1, weak0) s = a + b;
    assign (weak1, strong0) s = a + b;
endmodule
