// zoo: task=verilog/add8 expect=compile_error
// Reads itself by the name that the testbench gave it.
module add8 (
    input  wire [7:0] a,
    input  wire [7:0] b,
    output wire [8:0] s
);
    assign s = kernsmith_tb.kernsmith_dut.a + b;
endmodule
