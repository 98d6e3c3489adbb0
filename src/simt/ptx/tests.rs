use super::*;
use proptest::prelude::*;

#[test]
fn inline_assembly_has_registers_and_labels_of_its_own() {
    let text = ".version 9.0\n.target sm_90\n.address_size 64\n.file 1 \"candidate.cu\"\n.visible .entry k(\n.param .u64 k_param_0\n)\n{\n.reg .b32 %r<3>;\n.reg .pred %p<2>;\n.loc 1 7 3\nmov.u32 %r1, %tid.x;\n{ .reg .b32 %r1; .reg .pred P; W: add.s32 %r1, %r1, 1; @!P bra W; }\n{ .reg .pred P; W: @P bra W; }\nst.global.v2.u32 [%r1+-8], {%r1, 0f3F800000};\nret;\n}\n";
    let module = parse(text, "candidate.cu").unwrap();
    let body = module.functions[0].body.as_ref().unwrap();
    assert_eq!(body.code[0].line, 7);
    assert_eq!(body.code[0].operands[0], Operand::Register(1));
    assert_eq!(body.code[1].operands[0], Operand::Register(5));
    assert_ne!(body.code[2].operands, body.code[3].operands);
    assert_eq!(body.labels.len(), 2);
    assert_eq!(body.code[4].operands[0], Operand::Address(Some(Box::new(Operand::Register(1))), -8));
}

#[test]
fn a_place_in_a_header_counts_for_the_line_it_was_inlined_into() {
    let text = ".file 1 \"x/candidate.cu\"\n.file 2 \"mma.h\"\n.entry k()\n{\n.loc 2 900 1, function_name $L__info_string0, inlined_at 1 12 5\nret;\n}\n";
    let module = parse(text, "candidate.cu").unwrap();
    assert_eq!(module.functions[0].body.as_ref().unwrap().code[0].line, 12);
}

#[test]
fn errors_name_the_line() {
    assert_eq!(parse(".entry k()\n{\nbra NOWHERE;\n}\n", "").unwrap_err().line, 3);
    assert!(parse(".entry k()\n{\nmov.u32 %r1", "").unwrap_err().message.contains("the end"));
}

proptest! {
    #[test]
    fn any_text_is_read_without_panic(text in "(\\.entry k\\(\\)\n|\\{|\\}|;|mov\\.u32 |%r1|, |\\[|\\]|\\.reg \\.b32 %r<[0-9]{1,9}>;|[0-9]{1,9}|0f[0-9A-F]{8}|\\.loc 1 2 3\n|W: |bra W;|\"|.| )*") {
        let _ = parse(&text, "candidate.cu");
    }
}
