// zoo: task=verilog/count4 expect=not_equivalent
// Right until it has wrapped a hundred and twenty-eight times.
module count4 (
    input  wire       clk,
    input  wire       rst,
    input  wire       en,
    output reg  [3:0] q,
    output wire       wrap
);
    reg [6:0] laps;
    assign wrap = en && q == 4'd15;
    always @(posedge clk)
        if (rst) begin
            q    <= 4'd0;
            laps <= 7'd0;
        end else if (en) begin
            q <= q + 4'd1 + (&laps & wrap);
            if (wrap) laps <= laps + 7'd1;
        end
endmodule
