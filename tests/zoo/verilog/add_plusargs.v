// zoo: task=verilog/add8 expect=forbidden_construct
// Asks how it is run.
module add8 (
    input  wire [7:0] a,
    input  wire [7:0] b,
    output wire [8:0] s
);
    wire sim = $test$plusargs("token");
    assign s = a + b;
endmodule
