// @operation popcount
// @method    compressor-tree
// @contract  combinational
// @summary   Columns of 3:2 counters that take their oldest bits first, so no carry ripples; CELL picks the form of the full adder.
// @tune CELL in [0, 1, 2]
module kernel #(
    parameter N = 64,
    parameter CELL = 0
) (
    input  wire [N-1:0]           x,
    output wire [$clog2(N+1)-1:0] count
);
    // Full adder, {carry, sum}. Written as gates: a + b + c would be merged with its neighbours into one big sum.
    function [1:0] fa(input a, input b, input c);
        reg p;
        begin
            p = a ^ b;
            case (CELL)
                0:       fa = {(a & b) | (p & c), p ^ c};
                1:       fa = {p ? c : a, p ^ c};
                default: fa = {(a & b) | (a & c) | (b & c), p ^ c};
            endcase
        end
    endfunction

    // Column c starts with N >> c bits of weight 2^c. It is a queue: counter k takes three bits from the front, its sum joins the
    // back and its carry is bit k of the next column. First in, first out makes every column a balanced tree.
    localparam COLS = $clog2(N + 1);
    genvar c, k;
    generate
        for (c = 0; c < COLS; c = c + 1) begin : col
            localparam BITS  = N >> c;
            localparam CELLS = BITS / 2;
            wire [BITS+CELLS-1:0] q;
            wire [CELLS:0]        carry;
            if (c == 0) begin : first
                assign q[BITS-1:0] = x;
            end else begin : later
                assign q[BITS-1:0] = col[c-1].carry[BITS-1:0];
            end
            for (k = 0; k < CELLS; k = k + 1) begin : counter
                if (3*k + 2 < BITS + k) begin : full
                    assign {carry[k], q[BITS+k]} = fa(q[3*k], q[3*k+1], q[3*k+2]);
                end else begin : half
                    assign {carry[k], q[BITS+k]} = {q[3*k] & q[3*k+1], q[3*k] ^ q[3*k+1]};
                end
            end
            assign count[c] = q[BITS+CELLS-1];
        end
    endgenerate
endmodule
