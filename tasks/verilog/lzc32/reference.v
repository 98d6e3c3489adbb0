// The last assignment wins, so the highest set bit decides.
module lzc32 (
    input  wire [31:0] x,
    output reg  [5:0]  count
);
    integer i;
    always @* begin
        count = 6'd32;
        for (i = 0; i < 32; i = i + 1)
            if (x[i])
                count = 31 - i;
    end
endmodule
