// zoo: task=verilog/add8 expect=wrong_output
// One too many.
module add8 (
    input  wire [7:0] a,
    input  wire [7:0] b,
    output wire [8:0] s
);
    assign s = a + b + 1'b1;
endmodule
