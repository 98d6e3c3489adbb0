// zoo: task=verilog/seq_mul4 expect=accepted assurance=bounded
// SystemVerilog states.
module seq_mul4 (
    input  logic       clk,
    input  logic       rst,
    input  logic       start,
    input  logic [3:0] a,
    input  logic [3:0] b,
    output logic       done,
    output logic [7:0] p
);
    typedef enum logic [1:0] {IDLE, LOW, HIGH, SHOW} state_t;
    state_t state;
    logic [3:0] x, y;

    assign done = state == SHOW;
    always_ff @(posedge clk) begin
        if (rst) state <= IDLE;
        else if (start) state <= LOW;
        else case (state)
            LOW: state <= HIGH;
            HIGH: state <= SHOW;
            default: state <= IDLE;
        endcase
        if (start) begin
            x <= a;
            y <= b;
        end
        if (state == LOW) p <= x * y[1:0];
        if (state == HIGH) p <= p + (({4'd0, x} * {6'd0, y[3:2]}) << 2);
    end
endmodule
