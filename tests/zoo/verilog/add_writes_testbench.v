// zoo: task=verilog/add8 expect=compile_error
// Rewrites the stimulus.
module add8 (
    input  wire [7:0] a,
    input  wire [7:0] b,
    output wire [8:0] s
);
    always @* kernsmith_tb.kernsmith_row = 16'd0;
    assign s = 9'd0;
endmodule
