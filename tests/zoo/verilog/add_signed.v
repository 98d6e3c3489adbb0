// zoo: task=verilog/add8 expect=wrong_output
// Sign extension where zero extension is wanted.
module add8 (
    input  wire [7:0] a,
    input  wire [7:0] b,
    output wire [8:0] s
);
    assign s = $signed(a) + $signed(b);
endmodule
