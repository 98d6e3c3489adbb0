// zoo: task=verilog/add8 expect=port_mismatch
// An inout for an output.
module add8 (input wire [7:0] a, input wire [7:0] b, inout wire [8:0] s);
    assign s = a + b;
endmodule
