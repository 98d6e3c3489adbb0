// zoo: task=verilog/add8 expect=port_mismatch
// The carry does not fit.
module add8 (input wire [7:0] a, input wire [7:0] b, output wire [7:0] s);
    assign s = a + b;
endmodule
