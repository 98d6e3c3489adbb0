// @operation priority-arbiter
// @method    decompose
// @contract  combinational
// @summary   Groups of GROUP requesters: the groups are arbitrated while every group already picks its own winner.
// @tune GROUP in [2, 4, 8]
module kernel #(
    parameter GROUP = 4
) (
    input  wire [31:0] req,
    input  wire [4:0]  last,
    output wire [31:0] grant,
    output wire [4:0]  index,
    output wire        any
);
    localparam N = 32 / GROUP;

    wire [31:0] above = ~(32'hFFFFFFFF >> (5'd31 - last));   // positions > last
    wire [31:0] high  = req & above;
    wire [31:0] fh, fl;             // first of its group
    wire [N-1:0] gh, gl;            // group has a request
    wire [N-1:0] sh, sl;            // group is the first one that has

    genvar g, i;
    generate
        for (g = 0; g < N; g = g + 1) begin : group
            assign gh[g] = |high[g*GROUP +: GROUP];
            assign gl[g] = |req[g*GROUP +: GROUP];
            for (i = 0; i < GROUP; i = i + 1) begin : bit_
                if (i == 0) begin
                    assign fh[g*GROUP] = high[g*GROUP];
                    assign fl[g*GROUP] = req[g*GROUP];
                end else begin
                    assign fh[g*GROUP+i] = high[g*GROUP+i] & ~|high[g*GROUP +: i];
                    assign fl[g*GROUP+i] = req[g*GROUP+i]  & ~|req[g*GROUP +: i];
                end
                assign grant[g*GROUP+i] = (sh[g] & fh[g*GROUP+i]) | (sl[g] & fl[g*GROUP+i]);
            end
            if (g == 0) begin
                assign sh[0] = 1'b1;            // fh is 0 where the group is empty
                assign sl[0] = ~|gh;
            end else begin
                assign sh[g] = ~|gh[g-1:0];
                assign sl[g] = ~|{gh, gl[g-1:0]};
            end
        end
    endgenerate

    assign any   = |gl;
    assign index = {|(grant & 32'hFFFF0000), |(grant & 32'hFF00FF00), |(grant & 32'hF0F0F0F0),
                    |(grant & 32'hCCCCCCCC), |(grant & 32'hAAAAAAAA)};
endmodule
