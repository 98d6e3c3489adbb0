// @operation leading-zero-count
// @method    lookahead
// @contract  combinational
// @summary   Groups of GROUP bits count for themselves while flat ANDs find the first group that is not zero; its count is selected by AND-OR.
// @tune GROUP in [2, 4, 8]
module kernel #(
    parameter N = 32,
    parameter GROUP = 4
) (
    input  wire [N-1:0]       x,
    output reg  [$clog2(N):0] count
);
    localparam G = (N + GROUP - 1) / GROUP;
    localparam B = $clog2(GROUP);

    wire [G*GROUP-1:0] xp;                        // padded with ones below: only a zero x has no group
    assign xp = {x, {GROUP{1'b1}}} >> (N + GROUP - G*GROUP);

    reg [G-1:0] any;                              // group 0 is the uppermost
    reg [B-1:0] n;
    reg         above, b;
    integer     g, h, i, j;
    always @* begin
        for (g = 0; g < G; g = g + 1)
            any[g] = |xp[(G-1-g)*GROUP +: GROUP];

        count = {$clog2(N)+1{1'b0}};
        for (g = 0; g < G; g = g + 1) begin
            above = 1'b0;                         // written out for each group: no group waits for another
            for (h = 0; h < g; h = h + 1)
                above = above | any[h];
            // Bit j of the group's count is set if the first one is in a block with that bit set.
            for (j = 0; j < B; j = j + 1) begin
                n[j] = 1'b0;
                for (i = 0; i < GROUP; i = i + 1) begin
                    b = xp[(G-1-g)*GROUP + GROUP-1-i];
                    for (h = 0; h < i; h = h + 1)
                        if ((h >> j) % 2 == 0)
                            b = b & ~xp[(G-1-g)*GROUP + GROUP-1-h];
                    if ((i >> j) % 2 == 1)
                        n[j] = n[j] | b;
                end
            end
            count = count | ({$clog2(N)+1{any[g] & ~above}} & ((g * GROUP) | n));
        end
        if (!(|any))
            count = N;
    end
endmodule
