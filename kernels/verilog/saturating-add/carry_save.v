// @operation saturating-add
// @method    compressor-tree
// @contract  combinational
// @summary   3:2 compressors over unsigned (offset) lanes, then one adder; ADDER picks its carry network.
// @tune ADDER in [0, 1, 2]
// @tune MAJ in [0, 1, 2]
module kernel #(
    parameter ADDER = 0,            // 0 the tool's, 1 ripple, 2 Sklansky
    parameter MAJ = 0               // 0 propagate/generate, 1 majority, 2 multiplexer
) (
    input  wire [127:0]       v,
    output wire signed [15:0] s
);
    // An inverted sign bit turns a lane into value + 2^15, so no column needs sign extension.
    // Eight offsets are 2^18: they only flip the top bit of the 19-bit sum.
    wire [18:0] x [0:7];
    genvar i;
    generate
        for (i = 0; i < 8; i = i + 1) begin : lane
            assign x[i] = {3'b000, ~v[16*i+15], v[16*i +: 15]};
        end
    endgenerate

    function [18:0] sum3;
        input [18:0] a, b, c;
        sum3 = a ^ b ^ c;
    endfunction
    function [18:0] maj3;                       // carries, already in their column
        input [18:0] a, b, c;
        maj3 = (MAJ == 0) ? ((a & b) | (c & (a ^ b))) << 1
             : (MAJ == 1) ? ((a & b) | (c & (a | b))) << 1
             :              (((a ^ b) & c) | (~(a ^ b) & a)) << 1;
    endfunction

    // 8 -> 6 -> 4 -> 3 -> 2 operands. The third argument passes one XOR only: it takes the latest operand.
    wire [18:0] s0 = sum3(x[0], x[1], x[2]), c0 = maj3(x[0], x[1], x[2]);
    wire [18:0] s1 = sum3(x[3], x[4], x[5]), c1 = maj3(x[3], x[4], x[5]);
    wire [18:0] s2 = sum3(x[6], x[7], s0),   c2 = maj3(x[6], x[7], s0);
    wire [18:0] s3 = sum3(c0, c1, s1),       c3 = maj3(c0, c1, s1);
    wire [18:0] s4 = sum3(c2, s2, s3),       c4 = maj3(c2, s2, s3);
    wire [18:0] p  = sum3(c3, c4, s4),       q  = maj3(c3, c4, s4);

    // p + q; bit 0 of q is always 0
    wire [18:0] g0 = p & q, h = p ^ q;
    reg  [18:0] g, t;
    reg  [18:0] total;
    integer k, d;
    always @* begin
        g = g0;
        t = h;
        if (ADDER == 1) begin
            for (k = 1; k < 19; k = k + 1)
                g[k] = g0[k] | (h[k] & g[k-1]);
        end else if (ADDER == 2) begin
            for (d = 1; d < 19; d = d * 2)
                for (k = 18; k >= 0; k = k - 1)
                    if ((k / d) % 2 == 1) begin
                        g[k] = g[k] | (t[k] & g[(k / d) * d - 1]);
                        t[k] = t[k] & t[(k / d) * d - 1];
                    end
        end
        total = (ADDER == 0) ? p + q : h ^ {g[17:0], 1'b0};
    end

    // total = sum + 2^18: the sign is ~total[18]; the sum fits if bits 17..15 repeat it.
    wire neg   = ~total[18];
    wire above = ~neg & |total[17:15];
    wire below = neg & ~&total[17:15];
    assign s = {neg, (total[14:0] | {15{above}}) & {15{~below}}};
endmodule
