// zoo: task=verilog/add8 expect=forbidden_construct
// Defines the tool's macro as well, after having asked for it.
module add8 (
    input  wire [7:0] a,
    input  wire [7:0] b,
    output wire [8:0] s
);
    `ifdef YOSYS
    assign s = a | b;
    `else
    assign s = a + b;
    `endif
    `define YOSYS 1
endmodule
