// zoo: task=verilog/bench_inc4 expect=accepted assurance=proved
// Right for all sixteen values.
module bench_inc4 (input wire [3:0] a, output wire [3:0] y);
    assign y = {a[3] ^ (&a[2:0]), a[2] ^ (&a[1:0]), a[1] ^ a[0], ~a[0]};
endmodule
