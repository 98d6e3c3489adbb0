// zoo: task=verilog/count4 expect=contract_violation
// Half the state on each edge.
module count4 (
    input  wire       clk,
    input  wire       rst,
    input  wire       en,
    output reg  [3:0] q,
    output wire       wrap
);
    reg [3:0] n;
    assign wrap = en && q == 4'd15;
    always @(negedge clk) n <= rst ? 4'd0 : q + {3'd0, en};
    always @(posedge clk) q <= rst ? 4'd0 : n;
endmodule
