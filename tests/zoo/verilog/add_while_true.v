// zoo: task=verilog/add8 expect=compile_error
// A loop without end.
module add8 (
    input  wire [7:0] a,
    input  wire [7:0] b,
    output reg  [8:0] s
);
    always @* begin
        s = a + b;
        while (1) s = s + 1'b0;
    end
endmodule
