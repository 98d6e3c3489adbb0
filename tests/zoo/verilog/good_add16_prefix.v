// zoo: task=verilog/add16 expect=accepted assurance=proved
// A prefix tree.
module add16 (
    input  wire [15:0] a,
    input  wire [15:0] b,
    output wire [16:0] s
);
    wire [15:0] g = a & b, p = a ^ b;
    wire [15:0] g1 = g | (p & {g[14:0], 1'b0}), p1 = p & {p[14:0], 1'b0};
    wire [15:0] g2 = g1 | (p1 & {g1[13:0], 2'b0}), p2 = p1 & {p1[13:0], 2'b0};
    wire [15:0] g3 = g2 | (p2 & {g2[11:0], 4'b0}), p3 = p2 & {p2[11:0], 4'b0};
    wire [15:0] g4 = g3 | (p3 & {g3[7:0], 8'b0});
    assign s = {g4[15], p ^ {g4[14:0], 1'b0}};
endmodule
