// 8-tap low-pass FIR, direct form: delay line, eight products, a chain of adders, all between two ranks of registers.
module fir8 (
    input  wire               clk,
    input  wire signed [7:0]  x,
    output reg  signed [18:0] y
);
    reg signed [7:0] tap [0:7];
    integer i;

    always @(posedge clk) begin
        tap[0] <= x;
        for (i = 1; i < 8; i = i + 1)
            tap[i] <= tap[i-1];
        y <= tap[0] * -8'sd7
           + tap[1] * -8'sd3
           + tap[2] *  8'sd45
           + tap[3] *  8'sd93
           + tap[4] *  8'sd93
           + tap[5] *  8'sd45
           + tap[6] * -8'sd3
           + tap[7] * -8'sd7;
    end
endmodule
