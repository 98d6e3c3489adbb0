// @operation priority-arbiter
// @method    parallel-prefix
// @contract  combinational
// @summary   Two fixed-priority arbiters, requests above `last` and all requests, each a parallel-prefix OR; NET picks the network.
// @tune NET in [0, 1, 2]
module kernel #(
    parameter NET = 0               // 0 Sklansky, 1 Kogge-Stone, 2 Brent-Kung
) (
    input  wire [31:0] req,
    input  wire [4:0]  last,
    output wire [31:0] grant,
    output wire [4:0]  index,
    output wire        any
);
    // prefix(v)[i] = some bit of v[i:0] is set
    function [31:0] prefix;
        input [31:0] v;
        integer s, i;
        reg [31:0] p, n;
        begin
            p = v;
            if (NET == 2) begin
                for (s = 1; s < 32; s = s * 2)
                    for (i = 2 * s - 1; i < 32; i = i + 2 * s)
                        p[i] = p[i] | p[i-s];
                for (s = 8; s >= 1; s = s / 2)
                    for (i = 3 * s - 1; i < 32; i = i + 2 * s)
                        p[i] = p[i] | p[i-s];
            end else
                for (s = 1; s < 32; s = s * 2) begin
                    n = p;
                    for (i = 0; i < 32; i = i + 1)
                        if (NET == 1) begin
                            if (i >= s) n[i] = p[i] | p[i-s];
                        end else if ((i / s) % 2 == 1)
                            n[i] = p[i] | p[(i / s) * s - 1];
                    p = n;
                end
            prefix = p;
        end
    endfunction

    wire [31:0] above = ~(32'hFFFFFFFF >> (5'd31 - last));   // positions > last
    wire [31:0] high  = req & above;
    wire [31:0] ph    = prefix(high);
    wire [31:0] pl    = prefix(req);
    wire [31:0] gh    = high & ~{ph[30:0], 1'b0};
    wire [31:0] gl    = req  & ~{pl[30:0], 1'b0};

    assign any   = pl[31];
    assign grant = ph[31] ? gh : gl;
    assign index = {|(grant & 32'hFFFF0000), |(grant & 32'hFF00FF00), |(grant & 32'hF0F0F0F0),
                    |(grant & 32'hCCCCCCCC), |(grant & 32'hAAAAAAAA)};
endmodule
