// zoo: task=verilog/add8 expect=forbidden_construct
// Takes over another net.
module add8 (
    input  wire [7:0] a,
    input  wire [7:0] b,
    output wire [8:0] s
);
    always @* force kernsmith_tb.s = a + b;
    assign s = a + b;
endmodule
