// zoo: task=verilog/pipe_add expect=not_equivalent
// Wrong if the same rare value comes twice in a row.
module pipe_add (
    input  wire       clk,
    input  wire       rst,
    input  wire [7:0] a,
    input  wire [7:0] b,
    input  wire [7:0] c,
    output reg  [9:0] s
);
    reg [9:0] t;
    reg [23:0] last;
    reg twice;
    always @(posedge clk) begin
        last  <= {a, b, c};
        twice <= {a, b, c} == 24'h6b94d2 && last == 24'h6b94d2;
        t <= a + b + c;
        s <= twice ? 10'd0 : t;
    end
endmodule
