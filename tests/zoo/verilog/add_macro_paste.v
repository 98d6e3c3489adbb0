// zoo: task=verilog/add8 expect=forbidden_construct
// Pastes a keyword together.
module add8 (
    input  wire [7:0] a,
    input  wire [7:0] b,
    output wire [8:0] s
);
    `define JOIN(x, y) x``y
    `JOIN(ini, tial) begin end
    assign s = a + b;
endmodule
