// zoo: task=verilog/add8 expect=wrong_output
// The carry-in of bit 4 is dropped when the low half overflows: a speculative adder without correction.
module add8 (
    input  wire [7:0] a,
    input  wire [7:0] b,
    output wire [8:0] s
);
    wire [4:0] low  = a[3:0] + b[3:0];
    wire [4:0] high = a[7:4] + b[7:4] + (a[3] & b[3]);
    assign s = {high, low[3:0]};
endmodule
