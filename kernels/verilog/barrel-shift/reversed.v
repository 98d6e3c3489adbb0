// @operation barrel-shift
// @method    share
// @contract  combinational
// @summary   One right shifter for all modes: left modes reverse the bits before and after, a rotation fills with the bits that leave.
// @tune ORDER in [0, 1]
module kernel #(
    parameter ORDER = 0
) (
    input  wire [31:0] x,
    input  wire [4:0]  amount,
    input  wire [1:0]  mode,
    output reg  [31:0] y
);
    wire left, rotate, sign;
    assign left   = mode == 2'd0 || mode == 2'd3;
    assign rotate = mode == 2'd3;
    assign sign   = mode == 2'd2 & x[31];

    reg [31:0] v, w;
    integer    s, d, i;
    always @* begin
        for (i = 0; i < 32; i = i + 1)
            v[i] = left ? x[31-i] : x[i];
        for (s = 0; s < 5; s = s + 1) begin
            d = ORDER == 0 ? 1 << s : 16 >> s;
            for (i = 0; i < 32; i = i + 1)
                if (i + d < 32)
                    w[i] = v[(i+d) % 32];
                else
                    w[i] = rotate ? v[(i+d) % 32] : sign;
            v = amount[ORDER == 0 ? s : 4 - s] ? w : v;
        end
        for (i = 0; i < 32; i = i + 1)
            y[i] = left ? v[31-i] : v[i];
    end
endmodule
