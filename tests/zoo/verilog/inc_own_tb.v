// zoo: task=verilog/bench_inc4 expect=testbench_failed
// A module with the name of the task's testbench.
module bench_inc4 (input wire [3:0] a, output wire [3:0] y);
    assign y = a + 4'd1;
endmodule

module tb;
endmodule
