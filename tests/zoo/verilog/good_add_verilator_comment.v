// zoo: task=verilog/add8 expect=accepted assurance=proved
// Comments for the lint are welcome.
module add8 (
    input  wire [7:0] a,
    input  wire [7:0] b,
    output wire [8:0] s
);
    /* verilator lint_off WIDTH */
    assign s = a + b;
    /* verilator lint_on WIDTH */
endmodule
