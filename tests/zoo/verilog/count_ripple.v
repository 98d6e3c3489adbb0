// zoo: task=verilog/count4 expect=contract_violation
// A ripple counter: every bit clocks the next.
module count4 (
    input  wire       clk,
    input  wire       rst,
    input  wire       en,
    output wire [3:0] q,
    output wire       wrap
);
    reg q0, q1, q2, q3;
    always @(posedge clk) if (rst) q0 <= 1'b0; else if (en) q0 <= ~q0;
    always @(negedge q0 or posedge rst) if (rst) q1 <= 1'b0; else q1 <= ~q1;
    always @(negedge q1 or posedge rst) if (rst) q2 <= 1'b0; else q2 <= ~q2;
    always @(negedge q2 or posedge rst) if (rst) q3 <= 1'b0; else q3 <= ~q3;
    assign q = {q3, q2, q1, q0};
    assign wrap = en && q == 4'd15;
endmodule
