// CRC-32 (IEEE 802.3, reflected, polynomial 0xEDB88320): 32 data bits per enabled cycle, bit 0 of data first.
// crc is the raw register: it starts at all ones, and the final complement is left to the user.
module crc32_step (
    input  wire        clk,
    input  wire        rst,
    input  wire        en,
    input  wire [31:0] data,
    output reg  [31:0] crc
);
    function [31:0] step;
        input [31:0] state;
        input [31:0] bits;
        integer i;
        begin
            step = state;
            for (i = 0; i < 32; i = i + 1)
                if (step[0] ^ bits[i])
                    step = (step >> 1) ^ 32'hEDB88320;
                else
                    step = step >> 1;
        end
    endfunction

    always @(posedge clk)
        if (rst)
            crc <= 32'hFFFFFFFF;
        else if (en)
            crc <= step(crc, data);
endmodule
