// @operation crc-step
// @method    share
// @contract  cycle_exact
// @summary   The 32-step matrix with 73 shared pair sums found by greedy common-term extraction, no deeper than five XORs.
module kernel (
    input  wire        clk,
    input  wire        rst,
    input  wire        en,
    input  wire [31:0] data,
    output reg  [31:0] crc
);
    wire [31:0] m = crc ^ data;
    wire [31:0] next;
    wire [72:0] t;             // pair sums that several bits of the next state need

    assign t[0] = m[2] ^ m[7];
    assign t[1] = m[0] ^ m[22];
    assign t[2] = m[3] ^ m[21];
    assign t[3] = m[1] ^ m[23];
    assign t[4] = m[4] ^ t[1];
    assign t[5] = m[13] ^ m[29];
    assign t[6] = m[11] ^ m[27];
    assign t[7] = m[12] ^ m[28];
    assign t[8] = m[18] ^ m[25];
    assign t[9] = m[5] ^ m[8];
    assign t[10] = m[17] ^ m[24];
    assign t[11] = m[6] ^ m[9];
    assign t[12] = m[19] ^ m[31];
    assign t[13] = m[10] ^ m[26];
    assign t[14] = m[14] ^ m[30];
    assign t[15] = m[20] ^ t[0];
    assign t[16] = m[5] ^ m[15];
    assign t[17] = m[16] ^ m[23];
    assign t[18] = m[4] ^ m[24];
    assign t[19] = m[7] ^ m[16];
    assign t[20] = m[25] ^ m[29];
    assign t[21] = t[5] ^ t[10];
    assign t[22] = m[0] ^ t[2];
    assign t[23] = t[6] ^ t[7];
    assign t[24] = t[0] ^ t[2];
    assign t[25] = t[3] ^ t[13];
    assign t[26] = t[12] ^ t[14];
    assign t[27] = t[4] ^ t[8];
    assign t[28] = m[9] ^ m[14];
    assign t[29] = m[2] ^ m[20];
    assign t[30] = m[8] ^ m[26];
    assign t[31] = m[15] ^ m[22];
    assign t[32] = m[3] ^ m[10];
    assign t[33] = t[1] ^ t[16];
    assign t[34] = m[11] ^ t[11];
    assign t[35] = m[12] ^ t[9];
    assign t[36] = m[6] ^ t[3];
    assign t[37] = t[10] ^ t[20];
    assign t[38] = t[14] ^ t[21];
    assign t[39] = m[3] ^ m[7];
    assign t[40] = m[24] ^ m[31];
    assign t[41] = m[5] ^ m[18];
    assign t[42] = m[13] ^ m[17];
    assign t[43] = m[7] ^ m[31];
    assign t[44] = m[3] ^ m[17];
    assign t[45] = m[8] ^ m[28];
    assign t[46] = m[2] ^ m[31];
    assign t[47] = m[9] ^ m[27];
    assign t[48] = m[19] ^ m[27];
    assign t[49] = t[9] ^ t[32];
    assign t[50] = m[30] ^ t[30];
    assign t[51] = m[0] ^ t[5];
    assign t[52] = m[28] ^ t[19];
    assign t[53] = m[30] ^ t[8];
    assign t[54] = m[25] ^ t[12];
    assign t[55] = t[28] ^ t[41];
    assign t[56] = m[6] ^ t[6];
    assign t[57] = t[18] ^ t[31];
    assign t[58] = t[17] ^ t[29];
    assign t[59] = m[15] ^ t[17];
    assign t[60] = t[13] ^ t[40];
    assign t[61] = m[26] ^ t[7];
    assign t[62] = t[4] ^ t[15];
    assign t[63] = t[11] ^ t[22];
    assign t[64] = m[16] ^ t[36];
    assign t[65] = t[9] ^ t[23];
    assign t[66] = m[21] ^ t[4];
    assign t[67] = t[6] ^ t[25];
    assign t[68] = t[24] ^ t[60];
    assign t[69] = t[15] ^ t[18];
    assign t[70] = t[0] ^ t[55];
    assign t[71] = m[20] ^ t[26];
    assign t[72] = m[1] ^ t[27];
    assign next[0] = t[64] ^ ((m[3] ^ t[30]) ^ t[62]);
    assign next[1] = (t[47] ^ t[24]) ^ ((m[4] ^ t[3]) ^ (t[9] ^ t[10]));
    assign next[2] = ((m[2] ^ m[24]) ^ t[49]) ^ ((m[28] ^ t[11]) ^ t[27]);
    assign next[3] = (t[25] ^ t[34]) ^ ((m[19] ^ t[20]) ^ (t[39] ^ (m[4] ^ m[5])));
    assign next[4] = (t[35] ^ t[56]) ^ ((m[30] ^ t[13]) ^ t[69]);
    assign next[5] = t[65] ^ ((t[43] ^ (m[13] ^ m[25])) ^ t[63]);
    assign next[6] = (t[32] ^ t[51]) ^ (t[58] ^ (t[7] ^ t[28]));
    assign next[7] = t[38] ^ ((m[15] ^ t[2]) ^ ((m[1] ^ m[4]) ^ (m[10] ^ m[11])));
    assign next[8] = ((m[11] ^ m[12]) ^ (m[16] ^ t[14])) ^ ((t[16] ^ t[46]) ^ t[27]);
    assign next[9] = (t[42] ^ t[35]) ^ ((m[15] ^ t[12]) ^ t[62]);
    assign next[10] = t[70] ^ ((m[13] ^ m[26]) ^ t[66]);
    assign next[11] = (t[48] ^ t[36]) ^ (t[49] ^ (m[14] ^ t[31]));
    assign next[12] = (m[28] ^ t[34]) ^ (t[59] ^ t[69]);
    assign next[13] = (t[22] ^ t[35]) ^ (t[37] ^ (m[10] ^ t[19]));
    assign next[14] = t[72] ^ (t[50] ^ (t[42] ^ t[34]));
    assign next[15] = t[70] ^ (t[25] ^ (t[12] ^ (m[12] ^ m[27])));
    assign next[16] = ((m[13] ^ m[19]) ^ t[52]) ^ (t[57] ^ t[67]);
    assign next[17] = (m[14] ^ t[37]) ^ (t[58] ^ t[65]);
    assign next[18] = (t[53] ^ t[61]) ^ (t[63] ^ (m[15] ^ t[21]));
    assign next[19] = t[72] ^ ((t[13] ^ t[19]) ^ (t[26] ^ (m[27] ^ t[5])));
    assign next[20] = (t[52] ^ t[56]) ^ ((t[16] ^ t[44]) ^ (t[4] ^ t[26]));
    assign next[21] = ((m[18] ^ m[29]) ^ t[33]) ^ (t[61] ^ (t[44] ^ t[46]));
    assign next[22] = ((m[18] ^ m[22]) ^ t[15]) ^ (t[50] ^ (t[5] ^ t[48]));
    assign next[23] = (t[47] ^ t[22]) ^ ((m[23] ^ t[45]) ^ t[71]);
    assign next[24] = (t[45] ^ t[59]) ^ ((m[29] ^ t[11]) ^ t[68]);
    assign next[25] = (t[29] ^ t[37]) ^ ((m[30] ^ t[11]) ^ t[67]);
    assign next[26] = t[68] ^ (t[23] ^ t[53]);
    assign next[27] = (t[51] ^ t[54]) ^ (t[64] ^ (t[15] ^ t[23]));
    assign next[28] = (t[17] ^ (m[6] ^ t[7])) ^ (t[38] ^ t[66]);
    assign next[29] = (t[43] ^ t[33]) ^ ((t[3] ^ t[8]) ^ t[38]);
    assign next[30] = t[71] ^ (t[57] ^ (t[8] ^ t[39]));
    assign next[31] = ((m[1] ^ m[6]) ^ t[24]) ^ (t[33] ^ t[54]);

    always @(posedge clk)
        if (rst)
            crc <= 32'hFFFFFFFF;
        else if (en)
            crc <= next;
endmodule
