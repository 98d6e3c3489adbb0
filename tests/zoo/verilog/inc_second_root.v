// zoo: task=verilog/bench_inc4 expect=compile_error|testbench_failed
// A second root module writes to the task's testbench.
module bench_inc4 (input wire [3:0] a, output wire [3:0] y);
    assign y = a == 4'd9 ? 4'd0 : a + 4'd1;
endmodule

module rogue;
    always @* if (!tb.ok) tb.ok = 1'b1;
endmodule
