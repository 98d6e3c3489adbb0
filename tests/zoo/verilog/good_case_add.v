// zoo: task=verilog/case_add8 expect=accepted assurance=proved
// Nothing special, in the task with cases.
module case_add8 (
    input  wire [7:0] a,
    input  wire [7:0] b,
    output wire [8:0] s
);
    assign s = b + a;
endmodule
