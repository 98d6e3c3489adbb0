// @operation crc-step
// @method    decompose
// @contract  cycle_exact
// @summary   BITS bits at a time through a small parity matrix, 32/BITS matrices in a row: fewer terms per bit, more levels.
// @tune BITS in [4, 8, 16]
module kernel #(
    parameter BITS = 8
) (
    input  wire        clk,
    input  wire        rst,
    input  wire        en,
    input  wire [31:0] data,
    output reg  [31:0] crc
);
    // Row `bit_` of the matrix of BITS steps.
    function [31:0] row;
        input integer bit_;
        integer i, j;
        reg [31:0] s;
        begin
            for (j = 0; j < 32; j = j + 1) begin
                s = 32'd1 << j;
                for (i = 0; i < BITS; i = i + 1)
                    s = s[0] ? (s >> 1) ^ 32'hEDB88320 : s >> 1;
                row[j] = s[bit_];
            end
        end
    endfunction

    wire [31:0] state [0:32/BITS];
    assign state[0] = crc;

    genvar p, b;
    generate
        for (p = 0; p < 32 / BITS; p = p + 1) begin : part
            wire [31:0] mixed = state[p] ^ {{(32-BITS){1'b0}}, data[p*BITS +: BITS]};
            for (b = 0; b < 32; b = b + 1) begin : parity
                localparam [31:0] ROW = row(b);
                assign state[p+1][b] = ^(mixed & ROW);
            end
        end
    endgenerate

    always @(posedge clk)
        if (rst)
            crc <= 32'hFFFFFFFF;
        else if (en)
            crc <= state[32/BITS];
endmodule
