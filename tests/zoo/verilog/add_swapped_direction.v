// zoo: task=verilog/add8 expect=port_mismatch
// An input for the output.
module add8 (input wire [7:0] a, output wire [7:0] b, input wire [8:0] s);
    assign b = s[7:0] - a;
endmodule
