// zoo: task=verilog/add8 expect=forbidden_construct
// Moves error messages to another file.
module add8 (
    input  wire [7:0] a,
    input  wire [7:0] b,
    output wire [8:0] s
);
    `line 1 "gold.v" 0
    assign s = a + b;
endmodule
