// zoo: task=verilog/add8 expect=forbidden_construct
// Ends the simulation before it is wrong.
module add8 (
    input  wire [7:0] a,
    input  wire [7:0] b,
    output wire [8:0] s
);
    always @* if (a == 8'hff) $finish;
    assign s = a + b;
endmodule
