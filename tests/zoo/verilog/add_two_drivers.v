// zoo: task=verilog/add8 expect=compile_error
// Two drivers that mostly agree.
module add8 (
    input  wire [7:0] a,
    input  wire [7:0] b,
    output wire [8:0] s
);
    assign s = a + b;
    assign s[0] = a[0] ^ b[0];
endmodule
