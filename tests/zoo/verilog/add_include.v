// zoo: task=verilog/add8 expect=forbidden_construct
// Reads another file.
module add8 (
    input  wire [7:0] a,
    input  wire [7:0] b,
    output wire [8:0] s
);
    `include "gold.v"
    assign s = a + b;
endmodule
