// zoo: task=verilog/add8 expect=compile_error|forbidden_construct
// A keyword cut in two by a comment inside a macro.
module add8 (
    input  wire [7:0] a,
    input  wire [7:0] b,
    output wire [8:0] s
);
    `define START ini/**/tial
    reg k;
    `START k = 1'b0;
    assign s = a + b;
endmodule
