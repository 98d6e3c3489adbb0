// zoo: task=verilog/count4 expect=accepted assurance=proved
// Counts from nine, shown less nine.
module count4 (
    input  wire       clk,
    input  wire       rst,
    input  wire       en,
    output wire [3:0] q,
    output wire       wrap
);
    reg [3:0] n;
    assign q = n - 4'd9;
    assign wrap = en && n == 4'd8;
    always @(posedge clk)
        if (rst) n <= 4'd9;
        else n <= n + {3'd0, en};
endmodule
