// @operation barrel-shift
// @method    share
// @contract  combinational
// @summary   One left rotator (a right shift rotates by 32 - amount) and a mask that puts zeros or signs over the bits that came round.
// @tune ORDER in [0, 1]
// @tune MASK in [0, 1]
module kernel #(
    parameter ORDER = 0,
    parameter MASK = 0
) (
    input  wire [31:0] x,
    input  wire [4:0]  amount,
    input  wire [1:0]  mode,
    output wire [31:0] y
);
    wire right, sign;
    assign right = mode[1] ^ mode[0];
    assign sign  = mode == 2'd2 & x[31];

    wire [4:0] turn;
    assign turn = right ? -amount : amount;

    reg [31:0] r;
    integer    s, b;
    always @* begin
        r = x;
        for (s = 0; s < 5; s = s + 1) begin
            b = ORDER == 0 ? s : 4 - s;
            if (turn[b])
                r = (r << (1 << b)) | (r >> (32 - (1 << b)));
        end
    end

    // low[i]: i < amount. Those bits came round in a left shift; in a right shift it is bit 31 - i.
    reg [31:0] low, over;
    integer    i;
    always @* begin
        if (MASK == 0)
            low = ~(32'hffffffff << amount);
        else
            for (i = 0; i < 32; i = i + 1)
                low[i] = i < amount;
        for (i = 0; i < 32; i = i + 1)
            over[i] = right ? low[31-i] : low[i] & mode == 2'd0;
    end

    assign y = (r & ~over) | (over & {32{sign}});
endmodule
