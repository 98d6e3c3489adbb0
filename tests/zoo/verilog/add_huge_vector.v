// zoo: task=verilog/add8 expect=compile_error|timeout|out_of_memory
// A vector of 2^30 bits.
module add8 (
    input  wire [7:0] a,
    input  wire [7:0] b,
    output wire [8:0] s
);
    wire [1073741823:0] t = {1073741824{a[0]}};
    assign s = a + b + (^t);
endmodule
