// zoo: task=verilog/add8 expect=contract_violation
// A register clocked by data in a combinational task.
module add8 (
    input  wire [7:0] a,
    input  wire [7:0] b,
    output wire [8:0] s
);
    reg [8:0] r;
    always @(posedge a[0]) r <= a + b;
    assign s = r;
endmodule
