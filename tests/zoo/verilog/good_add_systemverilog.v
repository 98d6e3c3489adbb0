// zoo: task=verilog/add8 expect=accepted assurance=proved
// SystemVerilog: logic, always_comb, typedef.
module add8 (
    input  logic [7:0] a,
    input  logic [7:0] b,
    output logic [8:0] s
);
    typedef logic [3:0] nibble;
    nibble low;
    logic  carry;

    always_comb begin
        {carry, low} = {1'b0, a[3:0]} + {1'b0, b[3:0]};
        s = {{1'b0, a[7:4]} + {1'b0, b[7:4]} + {4'd0, carry}, low};
    end
endmodule
