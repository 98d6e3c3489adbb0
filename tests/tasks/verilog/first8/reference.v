// `index` has no meaning where `any` is low.
module first8 (
    input  wire [7:0] x,
    output wire       any,
    output reg  [2:0] index
);
    integer i;

    assign any = x != 8'd0;

    always @* begin
        index = 3'd0;
        for (i = 7; i >= 0; i = i - 1) if (x[i]) index = i[2:0];
    end
endmodule
