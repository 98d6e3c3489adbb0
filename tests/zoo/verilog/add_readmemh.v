// zoo: task=verilog/add8 expect=forbidden_construct
// Reads the stimulus.
module add8 (
    input  wire [7:0] a,
    input  wire [7:0] b,
    output wire [8:0] s
);
    reg [15:0] m [0:999];
    always @* $readmemb("rows.txt", m);
    assign s = a + b;
endmodule
