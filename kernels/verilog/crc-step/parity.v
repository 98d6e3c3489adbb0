// @operation crc-step
// @method    lookahead
// @contract  cycle_exact
// @summary   All 32 steps folded into a GF(2) matrix: one parity tree per bit. SPLIT keeps state and data parities apart.
// @tune SPLIT in [0, 1]
module kernel #(
    parameter SPLIT = 0
) (
    input  wire        clk,
    input  wire        rst,
    input  wire        en,
    input  wire [31:0] data,
    output reg  [31:0] crc
);
    // Row `bit_` of the matrix: which bits of crc ^ data reach this bit of the next crc.
    function [31:0] row;
        input integer bit_;
        integer i, j;
        reg [31:0] s;
        begin
            for (j = 0; j < 32; j = j + 1) begin
                s = 32'd1 << j;
                for (i = 0; i < 32; i = i + 1)
                    s = s[0] ? (s >> 1) ^ 32'hEDB88320 : s >> 1;
                row[j] = s[bit_];
            end
        end
    endfunction

    wire [31:0] mixed = crc ^ data;
    wire [31:0] next;

    genvar b;
    generate
        for (b = 0; b < 32; b = b + 1) begin : parity
            localparam [31:0] ROW = row(b);
            assign next[b] = SPLIT ? (^(crc & ROW)) ^ (^(data & ROW)) : ^(mixed & ROW);
        end
    endgenerate

    always @(posedge clk)
        if (rst)
            crc <= 32'hFFFFFFFF;
        else if (en)
            crc <= next;
endmodule
