// @operation sort
// @method    tree
// @contract  pipeline
// @summary   Two rank sorts of four, then a merge whose comparisons form thermometer codes, so no rank is counted; CUT registers between.
// @tune CUT in [0, 1]
module kernel #(
    parameter W = 8,
    parameter CUT = 0
) (
    input  wire           clk,
    input  wire [8*W-1:0] d,
    output reg  [8*W-1:0] q
);
    // Four lanes in order, by 6 comparisons made at once. The three other lanes that come before a lane give its rank.
    function [4*W-1:0] sort4;
        input [4*W-1:0] x;
        integer i, j, n;
        reg [2:0] ahead;
        reg [3:0] slot;
        begin
            sort4 = {(4*W){1'b0}};
            for (i = 0; i < 4; i = i + 1) begin
                n = 0;
                ahead = 3'd0;
                for (j = 0; j < 4; j = j + 1)
                    if (j != i) begin
                        // equal values keep their order
                        ahead[n] = (j < i) ? x[i*W +: W] >= x[j*W +: W] : ~(x[j*W +: W] >= x[i*W +: W]);
                        n = n + 1;
                    end
                slot[0] = ~|ahead;
                slot[1] = (ahead == 3'b001) | (ahead == 3'b010) | (ahead == 3'b100);
                slot[2] = (ahead == 3'b011) | (ahead == 3'b101) | (ahead == 3'b110);
                slot[3] = &ahead;
                for (j = 0; j < 4; j = j + 1)
                    sort4[j*W +: W] = sort4[j*W +: W] | (x[i*W +: W] & {W{slot[j]}});
            end
        end
    endfunction

    // Both halves are in order, so the lanes of the other half that come before a lane are its first n: 1..10..0.
    function [8*W-1:0] merge;
        input [4*W-1:0] a, b;
        integer i, j;
        reg [5:0] pa, pb;           // bit j+1: lane j of the other half comes before it; ends fixed
        begin
            merge = {(8*W){1'b0}};
            for (i = 0; i < 4; i = i + 1) begin
                pa = 6'b000001;
                pb = 6'b000001;
                for (j = 0; j < 4; j = j + 1) begin
                    pa[j+1] = a[i*W +: W] > b[j*W +: W];
                    pb[j+1] = ~(a[j*W +: W] > b[i*W +: W]);
                end
                for (j = 0; j <= 4; j = j + 1)
                    merge[(i+j)*W +: W] = merge[(i+j)*W +: W]
                                        | (a[i*W +: W] & {W{pa[j] & ~pa[j+1]}})
                                        | (b[i*W +: W] & {W{pb[j] & ~pb[j+1]}});
            end
        end
    endfunction

    reg [8*W-1:0] held, halves;
    always @(posedge clk) begin
        held <= d;
        q    <= merge(halves[4*W-1:0], halves[8*W-1:4*W]);
    end

    wire [8*W-1:0] fours = {sort4(held[8*W-1:4*W]), sort4(held[4*W-1:0])};
    generate
        if (CUT) begin : cut
            always @(posedge clk) halves <= fours;
        end else begin : no_cut
            always @* halves = fours;
        end
    endgenerate
endmodule
