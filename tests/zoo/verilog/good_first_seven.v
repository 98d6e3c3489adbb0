// zoo: task=verilog/first8 expect=accepted assurance=proved
// Seven where nothing is set.
module first8 (
    input  wire [7:0] x,
    output wire       any,
    output reg  [2:0] index
);
    assign any = |x;
    always @*
        casez (x)
            8'b???????1: index = 3'd0;
            8'b??????10: index = 3'd1;
            8'b?????100: index = 3'd2;
            8'b????1000: index = 3'd3;
            8'b???10000: index = 3'd4;
            8'b??100000: index = 3'd5;
            8'b?1000000: index = 3'd6;
            default:     index = 3'd7;
        endcase
endmodule
