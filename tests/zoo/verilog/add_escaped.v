// zoo: task=verilog/add8 expect=forbidden_construct
// An escaped name that looks like another one.
module add8 (
    input  wire [7:0] a,
    input  wire [7:0] b,
    output wire [8:0] s
);
    wire \s[0] = a[0];
    assign s = a + b;
endmodule
