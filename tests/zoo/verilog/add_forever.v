// zoo: task=verilog/add8 expect=forbidden_construct
// Never gives the simulator back.
module add8 (
    input  wire [7:0] a,
    input  wire [7:0] b,
    output wire [8:0] s
);
    always @* forever #0 ;
    assign s = a + b;
endmodule
