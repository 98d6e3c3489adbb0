// Keeps the K largest values of a stream. The registered value walks down the
// sorted list and changes places with every value that is smaller.
module top8 #(
    parameter K = 8,
    parameter W = 8
) (
    input  wire           clk,
    input  wire           rst,
    input  wire           clear,
    input  wire           in_valid,
    input  wire [W-1:0]   in_data,
    output wire [K*W-1:0] top
);
    reg         clear_q, valid_q;
    reg [W-1:0] data_q;
    reg [W-1:0] best [0:K-1];
    reg [W-1:0] next [0:K-1];
    reg [W-1:0] moving;

    integer i;
    always @* begin
        moving = data_q;
        for (i = 0; i < K; i = i + 1) begin
            if (moving > best[i]) begin
                next[i] = moving;
                moving  = best[i];
            end else begin
                next[i] = best[i];
            end
        end
    end

    always @(posedge clk) begin
        clear_q <= clear;
        valid_q <= in_valid;
        data_q  <= in_data;
        for (i = 0; i < K; i = i + 1) begin
            if (rst | clear_q) best[i] <= {W{1'b0}};
            else if (valid_q)  best[i] <= next[i];
        end
        if (rst) begin
            clear_q <= 1'b0;
            valid_q <= 1'b0;
        end
    end

    genvar g;
    generate
        for (g = 0; g < K; g = g + 1) begin : g_top
            assign top[g*W +: W] = best[g];
        end
    endgenerate
endmodule
