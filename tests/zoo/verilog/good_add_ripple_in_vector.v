// zoo: task=verilog/add8 expect=accepted assurance=proved
// The carry ripples within one vector: no loop, though the vector reads itself.
module add8 (
    input  wire [7:0] a,
    input  wire [7:0] b,
    output wire [8:0] s
);
    wire [8:0] c;
    assign c[0] = 1'b0;
    assign c[8:1] = (a & b) | (c[7:0] & (a ^ b));
    assign s = {c[8], a ^ b ^ c[7:0]};
endmodule
