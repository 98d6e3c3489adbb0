// zoo: task=verilog/add8 expect=port_mismatch
// No b.
module add8 (input wire [7:0] a, output wire [8:0] s);
    assign s = a + a;
endmodule
