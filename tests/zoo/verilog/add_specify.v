// zoo: task=verilog/add8 expect=forbidden_construct
// Timing of its own.
module add8 (
    input  wire [7:0] a,
    input  wire [7:0] b,
    output wire [8:0] s
);
    specify
        (a *> s) = 0;
    endspecify
    assign s = a + b;
endmodule
