// Gray counter by the book: decode to binary, add one, encode again.
module gray8 #(
    parameter W = 8
) (
    input  wire         clk,
    input  wire         rst,
    input  wire         en,
    output reg  [W-1:0] gray,
    output reg          wrap
);
    reg  [W-1:0] binary;
    wire [W-1:0] next = binary + 1'b1;

    integer i;
    always @* begin
        binary[W-1] = gray[W-1];
        for (i = W - 2; i >= 0; i = i - 1)
            binary[i] = binary[i+1] ^ gray[i];
    end

    always @(posedge clk) begin
        if (rst) begin
            gray <= {W{1'b0}};
            wrap <= 1'b0;
        end else begin
            if (en)
                gray <= next ^ (next >> 1);
            wrap <= en & (&binary);
        end
    end
endmodule
