// zoo: task=verilog/add8 expect=accepted assurance=proved
// Macros of its own, also asked for with `ifdef.
module add8 (
    input  wire [7:0] a,
    input  wire [7:0] b,
    output wire [8:0] s
);
    `define WIDE
    `define ADD(x, y) ((x) + (y))
    `ifdef WIDE
    assign s = `ADD(a, b);
    `else
    assign s = 9'd0;
    `endif
endmodule
