// zoo: task=verilog/add8 expect=accepted assurance=proved
// A generate loop.
module add8 (
    input  wire [7:0] a,
    input  wire [7:0] b,
    output wire [8:0] s
);
    wire [8:0] c;
    genvar i;
    assign c[0] = 1'b0;
    generate for (i = 0; i < 8; i = i + 1) begin : bits
        assign {c[i+1], s[i]} = a[i] + b[i] + c[i];
    end endgenerate
    assign s[8] = c[8];
endmodule
