// zoo: task=verilog/add8 expect=forbidden_construct
// Start-up code.
module add8 (
    input  wire [7:0] a,
    input  wire [7:0] b,
    output wire [8:0] s
);
    reg k;
    initial k = 1'b0;
    assign s = a + b;
endmodule
