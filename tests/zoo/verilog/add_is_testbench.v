// zoo: task=verilog/add8 expect=compile_error
// A module with the testbench's name.
module kernsmith_tb;
endmodule

module add8 (
    input  wire [7:0] a,
    input  wire [7:0] b,
    output wire [8:0] s
);
    assign s = a + b;
endmodule
