// @operation leading-zero-count
// @method    parallel-prefix
// @contract  combinational
// @summary   A prefix OR marks everything from the leading one down; the edge of that mask is one-hot and flat ORs encode it.
// @tune NETWORK in [0, 1, 2]
module kernel #(
    parameter N = 32,
    parameter NETWORK = 0
) (
    input  wire [N-1:0]       x,
    output reg  [$clog2(N):0] count
);
    reg [N-1:0] seen;                             // seen[i]: some bit at or above i is set
    integer i, d;
    always @* begin
        seen = x;
        if (NETWORK == 0) begin                   // Kogge-Stone: fan-out of two
            for (d = 1; d < N; d = 2*d)
                seen = seen | (seen >> d);
        end else if (NETWORK == 1) begin          // Sklansky: as shallow, fewer cells, larger fan-out
            for (d = 1; d < N; d = 2*d)
                for (i = 0; i < N; i = i + 1)
                    if ((i / d) % 2 == 0 && (i / d + 1)*d < N)
                        seen[i] = seen[i] | seen[(i / d + 1)*d];
        end else begin                            // ripple, for the synthesiser to balance
            for (i = N - 2; i >= 0; i = i - 1)
                seen[i] = seen[i] | seen[i+1];
        end
    end

    reg [N:0] hot;                                // hot[k]: k leading zeros
    integer k, b;
    always @* begin
        for (k = 0; k < N; k = k + 1)
            hot[k] = x[N-1-k] & (k == 0 | ~seen[(N-k) % N]);
        hot[N] = ~seen[0];
        for (b = 0; b <= $clog2(N); b = b + 1) begin
            count[b] = 1'b0;
            for (k = 0; k <= N; k = k + 1)
                if ((k >> b) % 2 == 1)
                    count[b] = count[b] | hot[k];
        end
    end
endmodule
