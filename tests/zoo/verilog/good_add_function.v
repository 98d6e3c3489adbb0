// zoo: task=verilog/add8 expect=accepted assurance=proved
// A function for the full adder.
module add8 (
    input  wire [7:0] a,
    input  wire [7:0] b,
    output reg  [8:0] s
);
    function [1:0] full(input x, input y, input z);
        full = {1'b0, x} + {1'b0, y} + {1'b0, z};
    endfunction
    integer i;
    reg c;
    always @* begin
        c = 1'b0;
        for (i = 0; i < 8; i = i + 1) {c, s[i]} = full(a[i], b[i], c);
        s[8] = c;
    end
endmodule
