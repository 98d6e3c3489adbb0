// Sorts eight unsigned bytes, smallest into the lowest byte: input registers, bubble sort, output registers.
module sort8 (
    input  wire        clk,
    input  wire [63:0] d,
    output reg  [63:0] q
);
    reg [63:0] held, s;
    reg [7:0]  t;
    integer    i, j;

    always @* begin
        s = held;
        t = 8'd0;
        for (i = 7; i > 0; i = i - 1)
            for (j = 0; j < i; j = j + 1)
                if (s[8*j +: 8] > s[8*(j+1) +: 8]) begin
                    t                = s[8*j +: 8];
                    s[8*j +: 8]      = s[8*(j+1) +: 8];
                    s[8*(j+1) +: 8]  = t;
                end
    end

    always @(posedge clk) begin
        held <= d;
        q    <= s;
    end
endmodule
