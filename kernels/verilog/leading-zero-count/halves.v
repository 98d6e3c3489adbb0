// @operation leading-zero-count
// @method    decompose
// @contract  combinational
// @summary   Binary tree: if the upper half is all zero, the answer is the lower half's with one more bit set.
// @tune FORM in [0, 1]
module kernel #(
    parameter N = 32,
    parameter FORM = 0
) (
    input  wire [N-1:0]         x,
    output wire [$clog2(N):0]   count
);
    localparam LEVELS = $clog2(N);
    localparam P      = 1 << LEVELS;

    // Padding below with ones does not change the count of any x but makes zero count N.
    wire [P-1:0] xp;
    generate
        if (P > N) begin : pad
            assign xp = {x, {P-N{1'b1}}};
        end else begin : whole
            assign xp = x;
        end
    endgenerate

    // Node i of level l covers 2^l bits: z says that all are zero; n counts the leading zeros, and is all ones if all are zero.
    // That lets a plain AND drop the upper half's count.
    genvar l, i;
    generate
        for (l = 1; l <= LEVELS; l = l + 1) begin : level
            wire [(P >> l)-1:0]   z;
            wire [(P >> l)*l-1:0] n;
            for (i = 0; i < (P >> l); i = i + 1) begin : node
                if (l == 1) begin : leaf
                    assign z[i] = ~(xp[2*i+1] | xp[2*i]);
                    assign n[i] = ~xp[2*i+1];
                end else begin : merge
                    wire [l-2:0] hi, lo;
                    wire         up;
                    assign hi   = level[l-1].n[(2*i+1)*(l-1) +: l-1];
                    assign lo   = level[l-1].n[2*i*(l-1) +: l-1];
                    assign up   = level[l-1].z[2*i+1];
                    assign z[i] = up & level[l-1].z[2*i];
                    if (FORM == 0) begin : select
                        assign n[i*l +: l] = {up, up ? lo : hi};
                    end else begin : mask
                        assign n[i*l +: l] = {up, hi & (lo | {l-1{~up}})};
                    end
                end
            end
        end
    endgenerate

    assign count = {level[LEVELS].z, level[LEVELS].n & {LEVELS{~level[LEVELS].z}}};
endmodule
