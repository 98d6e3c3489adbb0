// zoo: task=verilog/add8 expect=forbidden_construct
// Another answer every time.
module add8 (
    input  wire [7:0] a,
    input  wire [7:0] b,
    output wire [8:0] s
);
    wire [31:0] r = $random;
    assign s = a + b;
endmodule
