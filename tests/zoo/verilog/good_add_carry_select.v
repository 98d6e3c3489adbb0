// zoo: task=verilog/add8 expect=accepted assurance=proved
// Both high halves, the right one selected.
module add8 (
    input  wire [7:0] a,
    input  wire [7:0] b,
    output wire [8:0] s
);
    wire [4:0] low = a[3:0] + b[3:0];
    wire [4:0] h0 = a[7:4] + b[7:4];
    wire [4:0] h1 = a[7:4] + b[7:4] + 5'd1;
    assign s = {low[4] ? h1 : h0, low[3:0]};
endmodule
