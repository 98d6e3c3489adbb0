// zoo: task=verilog/add8 expect=compile_error
// The carry has no driver.
module add8 (
    input  wire [7:0] a,
    input  wire [7:0] b,
    output wire [8:0] s
);
    assign s[7:0] = a + b;
endmodule
