// zoo: task=verilog/add8 expect=forbidden_construct
// `parallel_case` in a comment changes the priority for synthesis only.
module add8 (
    input  wire [7:0] a,
    input  wire [7:0] b,
    output reg  [8:0] s
);
    always @*
        case (1'b1) /* synthesis parallel_case */
            a[0]: s = a + b;
            b[0]: s = b + a;
            default: s = a + b;
        endcase
endmodule
