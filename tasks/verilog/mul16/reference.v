// Shift-and-add array between an input and an output register.
module mul16 (
    input  wire        clk,
    input  wire [15:0] a,
    input  wire [15:0] b,
    output reg  [31:0] p
);
    reg [15:0] x, y;
    reg [31:0] acc;
    integer i;
    always @* begin
        acc = 32'd0;
        for (i = 0; i < 16; i = i + 1)
            acc = acc + (y[i] ? {16'd0, x} << i : 32'd0);
    end

    always @(posedge clk) begin
        x <= a;
        y <= b;
        p <= acc;
    end
endmodule
