// zoo: task=verilog/add8 expect=port_mismatch
// An output too many.
module add8 (input wire [7:0] a, input wire [7:0] b, output wire [8:0] s, output wire z);
    assign s = a + b;
    assign z = s == 0;
endmodule
