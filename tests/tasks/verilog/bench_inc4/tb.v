// Prints the pass token only if all sixteen values are right.
module tb;
    reg  [3:0]  a;
    wire [3:0]  y;
    reg  [63:0] token;
    reg         ok;
    integer     i;

    bench_inc4 dut (.a(a), .y(y));

    initial begin
        ok = $value$plusargs("token=%h", token);
        for (i = 0; i < 16; i = i + 1) begin
            a = i[3:0];
            #1 if (y !== a + 4'd1) ok = 1'b0;
        end
        if (ok) $display("KERNSMITH_PASS %h", token);
        $finish;
    end
endmodule
