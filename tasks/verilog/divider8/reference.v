// Restoring long division, one quotient bit per cycle: the divisor starts
// aligned with the highest quotient bit and moves down one place per cycle.
module divider8 #(
    parameter W = 8,
    parameter F = 4
) (
    input  wire           clk,
    input  wire           rst,
    input  wire           start,
    input  wire [W-1:0]   dividend,
    input  wire [W-1:0]   divisor,
    output reg            done,
    output reg  [W+F-1:0] quotient,
    output wire [W-1:0]   remainder
);
    localparam N = W + F;          // quotient bits

    reg [W+N-1:0] rest;            // what is still to be divided
    reg [W+N-1:0] aligned;         // divisor at the place of the next quotient bit
    reg [4:0]     left;            // quotient bits still to come
    reg           busy;

    assign remainder = rest[W-1:0];

    always @(posedge clk) begin
        done <= 1'b0;
        if (rst) begin
            busy <= 1'b0;
        end else if (start) begin
            rest     <= {{W{1'b0}}, dividend, {F{1'b0}}};
            aligned  <= {1'b0, divisor, {(N-1){1'b0}}};
            quotient <= {N{1'b0}};
            left     <= N;
            busy     <= 1'b1;
        end else if (busy) begin
            if (left == 0) begin
                busy <= 1'b0;
                done <= 1'b1;
            end else begin
                if (rest >= aligned) begin
                    rest     <= rest - aligned;
                    quotient <= {quotient[N-2:0], 1'b1};
                end else begin
                    quotient <= {quotient[N-2:0], 1'b0};
                end
                aligned <= aligned >> 1;
                left    <= left - 1'b1;
            end
        end
    end
endmodule
