// zoo: task=verilog/add8 expect=forbidden_construct
// An attribute that keeps optimisation away.
module add8 (
    input  wire [7:0] a,
    input  wire [7:0] b,
    output wire [8:0] s
);
    (* keep *) wire t = a[0];
    assign s = a + b;
endmodule
