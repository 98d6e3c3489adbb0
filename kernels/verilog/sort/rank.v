// @operation sort
// @method    restructure
// @contract  pipeline
// @summary   Rank sort: 28 comparisons at once, every rank is a population count, outputs are one-hot selections; CUT registers between them.
// @tune CUT in [0, 1, 2]
module kernel #(
    parameter W = 8,
    parameter CUT = 0               // 0 none, 1 after the ranks, 2 after the comparisons and after the ranks
) (
    input  wire           clk,
    input  wire [8*W-1:0] d,
    output reg  [8*W-1:0] q
);
    reg [8*W-1:0] v0, v1, v2;       // values beside each stage
    reg [63:0]    beats, beats1;    // beats[8i+j]: lane i comes after lane j
    reg [63:0]    slot, slot1;      // slot[8i+r]: lane i has rank r
    reg [8*W-1:0] pick;
    integer i, j, r;
    reg [3:0] rank;

    always @* begin
        beats = 64'd0;
        for (i = 0; i < 8; i = i + 1)
            for (j = 0; j < i; j = j + 1) begin
                beats[8*i+j] = v0[i*W +: W] >= v0[j*W +: W];     // equal values keep their order
                beats[8*j+i] = ~beats[8*i+j];
            end
    end

    always @* begin
        slot = 64'd0;
        for (i = 0; i < 8; i = i + 1) begin
            rank = 4'd0;
            for (j = 0; j < 8; j = j + 1)
                rank = rank + beats1[8*i+j];
            for (r = 0; r < 8; r = r + 1)
                slot[8*i+r] = rank == r[3:0];
        end
    end

    always @* begin
        pick = {(8*W){1'b0}};
        for (i = 0; i < 8; i = i + 1)
            for (r = 0; r < 8; r = r + 1)
                pick[r*W +: W] = pick[r*W +: W] | (v2[i*W +: W] & {W{slot1[8*i+r]}});
    end

    always @(posedge clk) begin
        v0 <= d;
        q  <= pick;
    end

    generate
        if (CUT == 2) begin : cut_beats
            always @(posedge clk) begin
                beats1 <= beats;
                v1     <= v0;
            end
        end else begin : no_beats
            always @* begin
                beats1 = beats;
                v1     = v0;
            end
        end
        if (CUT >= 1) begin : cut_ranks
            always @(posedge clk) begin
                slot1 <= slot;
                v2    <= v1;
            end
        end else begin : no_ranks
            always @* begin
                slot1 = slot;
                v2    = v1;
            end
        end
    endgenerate
endmodule
