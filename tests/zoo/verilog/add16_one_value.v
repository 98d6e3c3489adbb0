// zoo: task=verilog/add16 expect=not_equivalent
// Wrong for one of 2^32 inputs: no random vector finds it, the prover does.
module add16 (
    input  wire [15:0] a,
    input  wire [15:0] b,
    output wire [16:0] s
);
    assign s = (a == 16'h3b5a && b == 16'hc617) ? 17'd0 : a + b;
endmodule
