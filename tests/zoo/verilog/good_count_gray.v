// zoo: task=verilog/count4 expect=accepted assurance=proved
// The state is a Gray code.
module count4 (
    input  wire       clk,
    input  wire       rst,
    input  wire       en,
    output wire [3:0] q,
    output wire       wrap
);
    reg [3:0] g;
    wire [3:0] n = {g[3], g[3] ^ g[2], ^g[3:1], ^g};
    wire [3:0] m = n + {3'd0, en};
    assign q = n;
    assign wrap = en & (&n);
    always @(posedge clk) g <= rst ? 4'd0 : m ^ (m >> 1);
endmodule
