// zoo: task=verilog/add8 expect=wrong_output|compile_error
// High impedance for even a.
module add8 (
    input  wire [7:0] a,
    input  wire [7:0] b,
    output wire [8:0] s
);
    assign s = a[0] ? a + b : 9'bz;
endmodule
