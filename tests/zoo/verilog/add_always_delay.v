// zoo: task=verilog/add8 expect=forbidden_construct
// Makes a clock of its own.
module add8 (
    input  wire [7:0] a,
    input  wire [7:0] b,
    output wire [8:0] s
);
    reg t;
    always #1 t = ~t;
    assign s = a + b;
endmodule
