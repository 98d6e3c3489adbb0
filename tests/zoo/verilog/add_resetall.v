// zoo: task=verilog/add8 expect=forbidden_construct
// A directive that changes how the rest is read.
module add8 (
    input  wire [7:0] a,
    input  wire [7:0] b,
    output wire [8:0] s
);
    `resetall
    assign s = a + b;
endmodule
