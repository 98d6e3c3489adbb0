// Round-robin arbiter, 32 requesters. The requester after `last` has the highest priority, `last` itself the lowest.
module arbiter32 (
    input  wire [31:0] req,
    input  wire [4:0]  last,    // index of the previous winner
    output reg  [31:0] grant,   // one-hot, 0 if nobody asks
    output reg  [4:0]  index,   // index of the granted requester; meaningful only while any = 1
    output reg         any
);
    integer   i;
    reg [4:0] pos;

    always @* begin
        grant = 32'd0;
        index = 5'd0;
        any   = 1'b0;
        for (i = 1; i <= 32; i = i + 1) begin
            pos = last + i[4:0];            // wraps at 32
            if (!any && req[pos]) begin
                grant[pos] = 1'b1;
                index      = pos;
                any        = 1'b1;
            end
        end
    end
endmodule
