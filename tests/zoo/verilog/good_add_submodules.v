// zoo: task=verilog/add8 expect=accepted assurance=proved
// Sub-modules, one of them named like the evaluator's own modules; another is not used.
module gold (input wire [3:0] x, input wire [3:0] y, input wire cin, output wire [4:0] z);
    assign z = x + y + cin;
endmodule

module gate (input wire x, output wire y);
    assign y = x;
endmodule

module pair (input wire x, output wire y);
    assign y = ~x;
endmodule

module miter (input wire x, output wire y);
    gate u (.x(x), .y(y));
endmodule

module add8 (input wire [7:0] a, input wire [7:0] b, output wire [8:0] s);
    wire [4:0] low, high;
    wire       carry;

    gold u (.x(a[3:0]), .y(b[3:0]), .cin(1'b0), .z(low));
    miter m (.x(low[4]), .y(carry));
    gold v (.x(a[7:4]), .y(b[7:4]), .cin(carry), .z(high));
    assign s = {high, low[3:0]};
endmodule
