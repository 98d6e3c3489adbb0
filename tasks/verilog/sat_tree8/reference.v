// Sum of eight signed 16-bit values, exact, then saturated once to signed 16 bits.
module sat_tree8 (
    input  wire [127:0]       v,      // eight lanes, lane 0 in the lowest bits
    output reg  signed [15:0] s
);
    integer i, sum;

    always @* begin
        sum = 0;
        for (i = 0; i < 8; i = i + 1)
            sum = sum + $signed(v[16*i +: 16]);
        if (sum > 32767)
            s = 16'sd32767;
        else if (sum < -32768)
            s = -16'sd32768;
        else
            s = sum[15:0];
    end
endmodule
