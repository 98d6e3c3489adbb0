// zoo: task=verilog/add8 expect=forbidden_construct
// A reference from the root.
module add8 (
    input  wire [7:0] a,
    input  wire [7:0] b,
    output wire [8:0] s
);
    wire [15:0] row = $root.kernsmith_tb.kernsmith_row;
    assign s = a + b;
endmodule
