// zoo: task=verilog/add8 expect=combinational_loop
// Reads its own output.
module add8 (
    input  wire [7:0] a,
    input  wire [7:0] b,
    output wire [8:0] s
);
    wire [8:0] t = a + b + {8'd0, s[0] & ~s[0]};
    assign s = {t[8:1], t[0] | (s[0] & s[8])};
endmodule
