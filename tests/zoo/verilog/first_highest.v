// zoo: task=verilog/first8 expect=wrong_output
// The highest set bit instead of the lowest.
module first8 (
    input  wire [7:0] x,
    output wire       any,
    output reg  [2:0] index
);
    integer i;
    assign any = |x;
    always @* begin
        index = 3'd0;
        for (i = 0; i < 8; i = i + 1) if (x[i]) index = i[2:0];
    end
endmodule
