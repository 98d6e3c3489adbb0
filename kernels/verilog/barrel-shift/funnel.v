// @operation barrel-shift
// @method    restructure
// @contract  combinational
// @summary   Funnel: the mode is spent on choosing a 63-bit word once, then one plain right shifter takes 32 bits out of it.
// @tune RADIX in [2, 4]
module kernel #(
    parameter RADIX = 2
) (
    input  wire [31:0] x,
    input  wire [4:0]  amount,
    input  wire [1:0]  mode,
    output wire [31:0] y
);
    // Right modes take 32 bits of {fill, x} from bit amount on. Left modes take them of {x, fill or x} from bit 32 - amount on,
    // which is bit 31 - amount = ~amount of the word without its lowest bit.
    wire right, sign;
    assign right = mode[1] ^ mode[0];
    assign sign  = mode[1] & x[31];

    wire [62:0] word;
    wire [4:0]  n;
    assign word[62:32] = right ? {31{sign}} : x[31:1];
    assign word[31]    = right ? x[31] : x[0];
    assign word[30:0]  = mode == 2'd0 ? 31'd0 : right ? x[30:0] : x[31:1];
    assign n           = amount ^ {5{~right}};

    // The largest shift comes first: each stage then needs fewer bits of the word.
    generate
        if (RADIX == 2) begin : two
            wire [46:0] s16;
            wire [38:0] s8;
            wire [34:0] s4;
            wire [32:0] s2;
            assign s16 = n[4] ? word[62:16] : word[46:0];
            assign s8  = n[3] ? s16[46:8]   : s16[38:0];
            assign s4  = n[2] ? s8[38:4]    : s8[34:0];
            assign s2  = n[1] ? s4[34:2]    : s4[32:0];
            assign y   = n[0] ? s2[32:1]    : s2[31:0];
        end else begin : four
            wire [38:0] s8;
            wire [32:0] s2;
            wire [3:0]  h, l;
            assign h  = 4'd1 << n[4:3];
            assign l  = 4'd1 << n[2:1];
            assign s8 = ({39{h[0]}} & word[38:0]) | ({39{h[1]}} & word[46:8]) | ({39{h[2]}} & word[54:16]) | ({39{h[3]}} & word[62:24]);
            assign s2 = ({33{l[0]}} & s8[32:0])   | ({33{l[1]}} & s8[34:2])   | ({33{l[2]}} & s8[36:4])    | ({33{l[3]}} & s8[38:6]);
            assign y  = n[0] ? s2[32:1] : s2[31:0];
        end
    endgenerate
endmodule
