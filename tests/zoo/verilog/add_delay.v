// zoo: task=verilog/add8 expect=forbidden_construct
// A delay is free in simulation.
module add8 (
    input  wire [7:0] a,
    input  wire [7:0] b,
    output wire [8:0] s
);
    wire [8:0] #5 t = a + b;
    assign s = a + b;
endmodule
