// @operation multiply
// @method    share
// @contract  combinational
// @summary   Two bits of b at a time select 0, a, 2a or 3a; 3a is computed once for all rows and half as many rows are added.
// @tune CELL in [0, 1, 2]
// @tune SELECT in [0, 1]
module kernel #(
    parameter W = 8,
    parameter CELL = 0,
    parameter SELECT = 0
) (
    input  wire [W-1:0]   a,
    input  wire [W-1:0]   b,
    output wire [2*W-1:0] p
);
    // Full adder, {carry, sum}. Written as gates: a + b + c would be merged with its neighbours into one big sum.
    function [1:0] fa(input u, input v, input w);
        reg t;
        begin
            t = u ^ v;
            case (CELL)
                0:       fa = {(u & v) | (t & w), t ^ w};
                1:       fa = {t ? w : u, t ^ w};
                default: fa = {(u & v) | ((u | v) & w), t ^ w};
            endcase
        end
    endfunction

    // Ripple adder; cells with constant inputs disappear.
    function [2*W-1:0] add(input [2*W-1:0] x, input [2*W-1:0] y);
        integer j;
        reg c;
        begin
            c = 1'b0;
            for (j = 0; j < 2*W; j = j + 1)
                {c, add[j]} = fa(x[j], y[j], c);
        end
    endfunction

    wire [2*W-1:0] a1, a3;
    assign a1 = a;
    assign a3 = add(a1, a1 << 1);

    function [2*W-1:0] multiple(input [1:0] d, input [2*W-1:0] a1, input [2*W-1:0] a3);
        if (SELECT == 0)
            multiple = ({2*W{d == 2'd1}} & a1) | ({2*W{d == 2'd2}} & (a1 << 1)) | ({2*W{d == 2'd3}} & a3);
        else
            multiple = d[1] ? (d[0] ? a3 : a1 << 1) : (d[0] ? a1 : {2*W{1'b0}});
    endfunction

    localparam ROWS = (W + 1) / 2;
    wire [2*ROWS-1:0] y;
    assign y = b;
    reg [2*W*ROWS-1:0] row;                      // row i is row[2*W*i +: 2*W]
    integer i, n;
    always @* begin
        for (i = 0; i < ROWS; i = i + 1)
            row[2*W*i +: 2*W] = multiple(y[2*i +: 2], a1, a3) << 2*i;
        for (n = ROWS; n > 1; n = (n + 1) / 2) begin
            for (i = 0; i < n / 2; i = i + 1)
                row[2*W*i +: 2*W] = add(row[2*W*2*i +: 2*W], row[2*W*(2*i+1) +: 2*W]);
            if (n % 2 == 1)
                row[2*W*(n/2) +: 2*W] = row[2*W*(n-1) +: 2*W];
        end
    end
    assign p = row[2*W-1:0];
endmodule
