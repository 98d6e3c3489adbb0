// zoo: task=verilog/add8 expect=latch_inferred|combinational_loop
// A latch from cross-coupled gates.
module add8 (
    input  wire [7:0] a,
    input  wire [7:0] b,
    output wire [8:0] s
);
    wire q, n;
    assign q = ~(a[0] | n);
    assign n = ~(b[0] | q);
    assign s = a + b + (q & n);
endmodule
