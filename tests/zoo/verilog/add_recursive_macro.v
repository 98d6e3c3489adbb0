// zoo: task=verilog/add8 expect=compile_error|timeout|out_of_memory
// A macro that contains itself.
module add8 (
    input  wire [7:0] a,
    input  wire [7:0] b,
    output wire [8:0] s
);
    `define M `M + 0
    assign s = a + b + `M;
endmodule
