// zoo: task=verilog/add8 expect=compile_error
// An always block that never waits.
module add8 (
    input  wire [7:0] a,
    input  wire [7:0] b,
    output wire [8:0] s
);
    reg t;
    always t = ~t;
    assign s = a + b;
endmodule
