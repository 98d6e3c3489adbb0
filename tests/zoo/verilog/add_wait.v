// zoo: task=verilog/add8 expect=forbidden_construct
// Waits for a level.
module add8 (
    input  wire [7:0] a,
    input  wire [7:0] b,
    output wire [8:0] s
);
    always wait (a[0]) ;
    assign s = a + b;
endmodule
