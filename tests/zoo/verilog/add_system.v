// zoo: task=verilog/add8 expect=forbidden_construct
// Starts a program.
module add8 (
    input  wire [7:0] a,
    input  wire [7:0] b,
    output wire [8:0] s
);
    always @* $system("touch /tmp/kernsmith-was-here");
    assign s = a + b;
endmodule
