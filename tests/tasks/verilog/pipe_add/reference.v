// One adder a stage: two registers from every input to the output.
module pipe_add (
    input  wire       clk,
    input  wire       rst,
    input  wire [7:0] a,
    input  wire [7:0] b,
    input  wire [7:0] c,
    output reg  [9:0] s
);
    reg [8:0] ab;
    reg [7:0] c1;

    always @(posedge clk) begin
        ab <= a + b;
        c1 <= c;
        s  <= ab + c1;
    end
endmodule
