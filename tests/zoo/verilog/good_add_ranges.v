// zoo: task=verilog/add8 expect=accepted assurance=proved
// Ports with other index ranges, and signed.
module add8 (
    input  wire signed [0:7] a,
    input  wire        [8:1] b,
    output wire        [9:1] s
);
    assign s = {1'b0, a} + {1'b0, b};
endmodule
