// Number of ones in x. Bits are added one after the other, which is a ripple of adders.
module popcount64 (
    input  wire [63:0] x,
    output reg  [6:0]  count
);
    integer i;
    always @* begin
        count = 7'd0;
        for (i = 0; i < 64; i = i + 1)
            count = count + x[i];
    end
endmodule
