// zoo: task=verilog/count4 expect=not_equivalent|wrong_output
// Right until it wraps for the eighth time.
module count4 (
    input  wire       clk,
    input  wire       rst,
    input  wire       en,
    output reg  [3:0] q,
    output wire       wrap
);
    reg [2:0] laps;
    assign wrap = en && q == 4'd15;
    always @(posedge clk)
        if (rst) begin
            q    <= 4'd0;
            laps <= 3'd0;
        end else if (en) begin
            q <= q + 4'd1 + (&laps & wrap);
            if (wrap) laps <= laps + 3'd1;
        end
endmodule
