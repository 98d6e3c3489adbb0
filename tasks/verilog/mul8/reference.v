// Shift-and-add array: one row per bit of b.
module mul8 (
    input  wire [7:0]  a,
    input  wire [7:0]  b,
    output wire [15:0] p
);
    reg [15:0] acc;
    integer i;
    always @* begin
        acc = 16'd0;
        for (i = 0; i < 8; i = i + 1)
            acc = acc + (b[i] ? {8'd0, a} << i : 16'd0);
    end
    assign p = acc;
endmodule
