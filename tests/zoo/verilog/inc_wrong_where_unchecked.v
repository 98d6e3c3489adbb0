// zoo: task=verilog/bench_inc4 expect=testbench_failed
// Wrong where the generated check does not look.
module bench_inc4 (input wire [3:0] a, output wire [3:0] y);
    assign y = a == 4'd9 ? 4'd0 : a + 4'd1;
endmodule
