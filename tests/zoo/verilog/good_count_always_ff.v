// zoo: task=verilog/count4 expect=accepted assurance=proved
// SystemVerilog, and a register for the next value's test.
module count4 (
    input  logic       clk,
    input  logic       rst,
    input  logic       en,
    output logic [3:0] q,
    output logic       wrap
);
    logic last;

    assign wrap = en & last;
    always_ff @(posedge clk)
        if (rst) begin
            q    <= '0;
            last <= 1'b0;
        end else if (en) begin
            q    <= q + 4'd1;
            last <= q == 4'd14;
        end
endmodule
