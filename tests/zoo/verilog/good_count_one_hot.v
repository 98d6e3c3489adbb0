// zoo: task=verilog/count4 expect=accepted assurance=proved
// Sixteen registers, one of which is high.
module count4 (
    input  wire       clk,
    input  wire       rst,
    input  wire       en,
    output reg  [3:0] q,
    output wire       wrap
);
    reg [15:0] h;
    integer i;
    assign wrap = en && h[15];
    always @* begin
        q = 4'd0;
        for (i = 0; i < 16; i = i + 1) if (h[i]) q = q | i[3:0];
    end
    always @(posedge clk)
        if (rst) h <= 16'd1;
        else if (en) h <= {h[14:0], h[15]};
endmodule
