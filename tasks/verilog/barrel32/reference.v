// One shift operator per mode.
module barrel32 (
    input  wire [31:0] x,
    input  wire [4:0]  amount,
    input  wire [1:0]  mode,      // 0 logical left, 1 logical right, 2 arithmetic right, 3 rotate left
    output reg  [31:0] y
);
    wire [63:0] rotated;
    assign rotated = {x, x} << amount;

    always @* begin
        case (mode)
            2'd0:    y = x << amount;
            2'd1:    y = x >> amount;
            2'd2:    y = $signed(x) >>> amount;
            default: y = rotated[63:32];
        endcase
    end
endmodule
