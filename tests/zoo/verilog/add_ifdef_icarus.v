// zoo: task=verilog/add8 expect=forbidden_construct
// Writes to the testbench where only the simulator reads it.
module add8 (
    input  wire [7:0] a,
    input  wire [7:0] b,
    output wire [8:0] s
);
    `ifdef __ICARUS__
    always @* kernsmith_tb.kernsmith_row = 16'd0;
    `endif
    assign s = a + b;
endmodule
