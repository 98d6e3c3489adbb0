// zoo: task=verilog/add8 expect=forbidden_construct
// Prints what the checker might look for.
module add8 (
    input  wire [7:0] a,
    input  wire [7:0] b,
    output wire [8:0] s
);
    always @* $display("end");
    assign s = a + b;
endmodule
