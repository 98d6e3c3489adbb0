// zoo: task=verilog/small_add8 expect=accepted assurance=proved
// Within the limit.
module small_add8 (
    input  wire [7:0] a,
    input  wire [7:0] b,
    output wire [8:0] s
);
    assign s = a + b;
endmodule
