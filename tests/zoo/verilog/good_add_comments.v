// zoo: task=verilog/add8 expect=accepted assurance=proved
// Comments may say anything: initial, $finish, `include, synthesis, (* keep *), "text".
module add8 (
    input  wire [7:0] a,
    input  wire [7:0] b,
    output wire [8:0] s
);
    // synthesis shares the two halves; no delay #5 here
    /* initial begin $display; end */
    assign s = a + b;
endmodule
