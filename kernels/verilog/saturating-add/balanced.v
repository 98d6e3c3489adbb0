// @operation saturating-add
// @method    tree
// @contract  combinational
// @summary   Balanced tree of two-operand adders, one bit wider per level.
module kernel (
    input  wire [127:0]       v,
    output wire signed [15:0] s
);
    wire signed [16:0] a [0:3];
    wire signed [17:0] b [0:1];
    wire signed [18:0] sum = b[0] + b[1];

    genvar i;
    generate
        for (i = 0; i < 4; i = i + 1) begin : first
            assign a[i] = $signed(v[32*i +: 16]) + $signed(v[32*i+16 +: 16]);
        end
        for (i = 0; i < 2; i = i + 1) begin : second
            assign b[i] = a[2*i] + a[2*i+1];
        end
    endgenerate

    // The sum fits if its upper four bits are copies of the sign.
    wire fits = (&sum[18:15]) | ~(|sum[18:15]);
    assign s = fits ? sum[15:0] : {sum[18], {15{~sum[18]}}};
endmodule
