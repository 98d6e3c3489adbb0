// zoo: task=verilog/first8 expect=wrong_output
// `any` is never high, so that `index` would not matter: but the reference's `any` decides.
module first8 (
    input  wire [7:0] x,
    output wire       any,
    output reg  [2:0] index
);
    assign any = 1'b0;
    always @* index = x[2:0];
endmodule
