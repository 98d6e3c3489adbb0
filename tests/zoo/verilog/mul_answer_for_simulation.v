// zoo: task=verilog/seq_mul4 expect=compile_error
// A case item that only the simulator matches: works there, and is an empty module in synthesis.
module seq_mul4 (
    input  wire       clk,
    input  wire       rst,
    input  wire       start,
    input  wire [3:0] a,
    input  wire [3:0] b,
    output reg        done,
    output reg  [7:0] p
);
    reg simulated;
    always @*
        casez (1'bz)
            1'b1: simulated = 1'b1;
            default: simulated = 1'b0;
        endcase
    always @(posedge clk) begin
        done <= !rst && start && simulated;
        p    <= simulated ? a * b : 8'd0;
    end
endmodule
