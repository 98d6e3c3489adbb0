// zoo: task=verilog/add8 expect=compile_error|timeout|out_of_memory
// A generate loop of 2^30 turns.
module add8 (
    input  wire [7:0] a,
    input  wire [7:0] b,
    output wire [8:0] s
);
    genvar i;
    generate for (i = 0; i < 1073741824; i = i + 1) begin : g
        wire t = a[0];
    end endgenerate
    assign s = a + b;
endmodule
