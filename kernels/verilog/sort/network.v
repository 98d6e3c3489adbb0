// @operation sort
// @method    decompose
// @contract  pipeline
// @summary   19-comparator network of depth 6 (Batcher's odd-even merge sort for eight); registers after every EVERY layers.
// @tune EVERY in [1, 2, 3, 6]
module kernel #(
    parameter W = 8,
    parameter EVERY = 6
) (
    input  wire           clk,
    input  wire [8*W-1:0] d,
    output reg  [8*W-1:0] q
);
    // One hex digit per lane, lane 0 on the right: the lane it is compared with in this layer (itself: none).
    function [31:0] partner;
        input integer layer;
        case (layer)
            0:       partner = 32'h67452301;    // pairs
            1:       partner = 32'h54761032;    // merge to fours
            2:       partner = 32'h75643120;
            3:       partner = 32'h32107654;    // merge to eight
            4:       partner = 32'h76325410;
            default: partner = 32'h75634120;
        endcase
    endfunction

    wire [8*W-1:0] in  [0:5];       // into layer l
    wire [8*W-1:0] out [0:5];

    reg [8*W-1:0] held;
    always @(posedge clk) begin
        held <= d;
        q    <= out[5];
    end
    assign in[0] = held;

    genvar l, k;
    generate
        for (l = 0; l < 6; l = l + 1) begin : layer
            localparam [31:0] P = partner(l);
            for (k = 0; k < 8; k = k + 1) begin : lane
                localparam integer M = (P >> (4 * k)) & 15;
                if (M > k) begin : compare
                    wire [W-1:0] a = in[l][k*W +: W];
                    wire [W-1:0] b = in[l][M*W +: W];
                    wire swap = a > b;
                    assign out[l][k*W +: W] = swap ? b : a;
                    assign out[l][M*W +: W] = swap ? a : b;
                end else if (M == k) begin : pass
                    assign out[l][k*W +: W] = in[l][k*W +: W];
                end
            end
            if (l < 5) begin : link
                if ((l + 1) % EVERY == 0) begin : cut
                    reg [8*W-1:0] r;
                    always @(posedge clk) r <= out[l];
                    assign in[l+1] = r;
                end else begin : wire_
                    assign in[l+1] = out[l];
                end
            end
        end
    endgenerate
endmodule
