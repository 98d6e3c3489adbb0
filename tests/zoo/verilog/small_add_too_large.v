// zoo: task=verilog/small_add8 expect=limit_exceeded
// Right, but with a detour over a sum that is taken away again.
module small_add8 (
    input  wire [7:0] a,
    input  wire [7:0] b,
    output wire [8:0] s
);
    wire [9:0] detour = (a ^ {b[0], b[7:1]}) + (b ^ 8'h5a);
    wire [9:0] long = detour + a + b;
    assign s = long - detour;
endmodule
