// zoo: task=verilog/add8 expect=forbidden_construct
// Hides the `$` in a macro.
module add8 (
    input  wire [7:0] a,
    input  wire [7:0] b,
    output wire [8:0] s
);
    `define D $
    `define CALL(x) `D x
    always @* `CALL(finish);
    assign s = a + b;
endmodule
