// zoo: task=verilog/add8 expect=forbidden_construct
// Overwrites its own outputs.
module add8 (
    input  wire [7:0] a,
    input  wire [7:0] b,
    output wire [8:0] s
);
    integer f = $fopen("gate.out", "w");
    assign s = a + b;
endmodule
