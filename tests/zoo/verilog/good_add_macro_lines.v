// zoo: task=verilog/add8 expect=accepted assurance=proved
// A macro over several lines.
module add8 (
    input  wire [7:0] a,
    input  wire [7:0] b,
    output wire [8:0] s
);
    `define SUM(x, y) \
        ((x) + \
        (y))
    assign s = `SUM(a, b);
endmodule
