// zoo: task=verilog/add8 expect=compile_error
// Reads the row that the testbench drives.
module add8 (
    input  wire [7:0] a,
    input  wire [7:0] b,
    output wire [8:0] s
);
    wire [15:0] row = kernsmith_tb.kernsmith_row;
    assign s = row[15:8] + row[7:0];
endmodule
