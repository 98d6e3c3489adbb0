//! Arithmetic, logic, conversions and comparisons as functions of single lanes.

use half::{bf16, f16};

use crate::lanes::{Float, Int, Lane, Round, flush, fused, round_to, saturate, to_integer, two_sum};
use crate::program::Scalar;
use crate::ptx::{Instruction, Type};

/// An operation on lanes: the function and the types of its operands.
pub(super) struct Operation {
    pub function: Scalar,
    pub result: Type,
    pub operands: Vec<Type>,
}

/// Expands `$body` for the integer type at hand.
macro_rules! by_int {
    ($ty:expr, |$a:ident, $b:ident, $c:ident, $d:ident| $body:expr) => {
        match $ty {
            Type::U16 | Type::B16 => by_int!(@ u16, $a, $b, $c, $d, $body),
            Type::S16 => by_int!(@ i16, $a, $b, $c, $d, $body),
            Type::U32 | Type::B32 => by_int!(@ u32, $a, $b, $c, $d, $body),
            Type::S32 => by_int!(@ i32, $a, $b, $c, $d, $body),
            Type::U64 | Type::B64 => by_int!(@ u64, $a, $b, $c, $d, $body),
            Type::S64 => by_int!(@ i64, $a, $b, $c, $d, $body),
            _ => return None,
        }
    };
    (@ $t:ty, $a:ident, $b:ident, $c:ident, $d:ident, $body:expr) => {{
        #[allow(unused_variables)]
        let function: Scalar = |[a, b, c, d]| {
            let ($a, $b, $c, $d) = (<$t>::get(a), <$t>::get(b), <$t>::get(c), d);
            Lane::put($body)
        };
        function
    }};
}

/// Expands `$body` for fp32 with and without flushing and saturation.
macro_rules! by_f32 {
    ($i:expr, |$a:ident, $b:ident, $c:ident| $body:expr) => {
        match ($i.has("ftz"), $i.has("sat")) {
            (false, false) => by_f32!(@ |x| x, |x| x, $a, $b, $c, $body),
            (true, false) => by_f32!(@ flush, flush, $a, $b, $c, $body),
            (false, true) => by_f32!(@ |x| x, saturate, $a, $b, $c, $body),
            (true, true) => by_f32!(@ flush, |x| saturate(flush(x)), $a, $b, $c, $body),
        }
    };
    (@ $before:expr, $after:expr, $a:ident, $b:ident, $c:ident, $body:expr) => {{
        #[allow(unused_variables)]
        let function: Scalar = |[a, b, c, _]| {
            let before: fn(f32) -> f32 = $before;
            let after: fn(f32) -> f32 = $after;
            let ($a, $b, $c) = (before(f32::get(a)), before(f32::get(b)), before(f32::get(c)));
            after($body).put()
        };
        function
    }};
}

macro_rules! by_f64 {
    (|$a:ident, $b:ident, $c:ident| $body:expr) => {{
        #[allow(unused_variables)]
        let function: Scalar = |[a, b, c, _]| {
            let ($a, $b, $c) = (f64::get(a), f64::get(b), f64::get(c));
            let result: f64 = $body;
            result.put()
        };
        function
    }};
}

/// Half precision, single or packed in pairs; `$body` is in the type itself.
macro_rules! by_half {
    ($ty:expr, |$a:ident, $b:ident, $c:ident| $body:expr) => {
        match $ty {
            Type::F16 => by_half!(@ f16, $a, $b, $c, $body),
            Type::Bf16 => by_half!(@ bf16, $a, $b, $c, $body),
            Type::F16x2 => by_half!(@@ f16, $a, $b, $c, $body),
            Type::Bf16x2 => by_half!(@@ bf16, $a, $b, $c, $body),
            _ => return None,
        }
    };
    (@ $t:ty, $a:ident, $b:ident, $c:ident, $body:expr) => {{
        #[allow(unused_variables)]
        let function: Scalar = |[a, b, c, _]| {
            let ($a, $b, $c) = (<$t>::get(a), <$t>::get(b), <$t>::get(c));
            let result: $t = $body;
            result.put()
        };
        function
    }};
    (@@ $t:ty, $a:ident, $b:ident, $c:ident, $body:expr) => {{
        #[allow(unused_variables)]
        let function: Scalar = |[x, y, z, _]| {
            let one = |shift: u32| {
                let ($a, $b, $c) = (<$t>::get(x >> shift), <$t>::get(y >> shift), <$t>::get(z >> shift));
                let result: $t = $body;
                result.put()
            };
            one(0) | one(16) << 16
        };
        function
    }};
}

macro_rules! by_round {
    ($round:expr, |$r:ident| $body:expr) => {
        match $round {
            Round::Nearest => {
                const $r: Round = Round::Nearest;
                $body
            }
            Round::Zero => {
                const $r: Round = Round::Zero;
                $body
            }
            Round::Down => {
                const $r: Round = Round::Down;
                $body
            }
            Round::Up => {
                const $r: Round = Round::Up;
                $body
            }
        }
    };
}

fn half(ty: Type) -> bool {
    matches!(ty, Type::F16 | Type::F16x2 | Type::Bf16 | Type::Bf16x2)
}

fn bits_type(bytes: u32) -> Type {
    match bytes {
        2 => Type::U16,
        8 => Type::U64,
        _ => Type::U32,
    }
}

/// The operation that an instruction stands for; None if it is not one of lanes or not known. `word` is true if it writes a register
/// of 32 bits, whatever its type.
pub(super) fn operation(i: &Instruction, word: bool) -> Option<Operation> {
    if i.opcode == "cvt" {
        return conversion(i, word);
    }
    let ty = i.modifiers.iter().rev().find_map(|m| Type::parse(m))?;
    let known = ["relu", "xorsign", "oob", "s16x2", "u16x2", "f32x2"];
    if i.modifiers.iter().any(|m| known.contains(&m.as_str())) {
        return None;
    }
    let (function, operands, result) = if half(ty) {
        let (function, count) = half_operation(i, ty)?;
        (function, vec![ty; count], ty)
    } else if ty == Type::F32 {
        let (function, count) = f32_operation(i)?;
        (function, vec![ty; count], ty)
    } else if ty == Type::F64 {
        let (function, count) = f64_operation(i)?;
        (function, vec![ty; count], ty)
    } else {
        int_operation(i, ty)?
    };
    Some(Operation { function, result, operands })
}

fn int_operation(i: &Instruction, ty: Type) -> Option<(Scalar, Vec<Type>, Type)> {
    let (opcode, mode) = (i.opcode.as_str(), i.modifiers.first().map_or("", String::as_str));
    if i.has("sat") && opcode != "add" && opcode != "sub" {
        return None;
    }
    let wide = match ty {
        Type::U16 => Type::U32,
        Type::S16 => Type::S32,
        Type::U32 => Type::U64,
        Type::S32 => Type::S64,
        other => other,
    };
    let unsigned = bits_type(ty.bytes());
    let same = |function: Scalar, count: usize| Some((function, vec![ty; count], ty));
    match (opcode, mode) {
        ("add", _) if i.has("sat") => same(by_int!(ty, |a, b, _c, _d| a.saturating_add(b)), 2),
        ("sub", _) if i.has("sat") => same(by_int!(ty, |a, b, _c, _d| a.saturating_sub(b)), 2),
        ("add", "cc") | ("addc", _) | ("sub", "cc") | ("subc", _) | ("mad", "cc") | ("madc", _) => None,
        ("add", _) => same(by_int!(ty, |a, b, _c, _d| a.wrapping_add(b)), 2),
        ("sub", _) => same(by_int!(ty, |a, b, _c, _d| a.wrapping_sub(b)), 2),
        ("mul", "lo") => same(by_int!(ty, |a, b, _c, _d| a.wrapping_mul(b)), 2),
        ("mad", "lo") => same(by_int!(ty, |a, b, c, _d| a.wrapping_mul(b).wrapping_add(c)), 3),
        ("mul", "hi") => Some((high(ty)?, vec![ty; 2], ty)),
        ("mad", "hi") => Some((high_add(ty)?, vec![ty; 3], ty)),
        ("mul", "wide") => Some((wide_product(ty)?, vec![ty; 2], wide)),
        ("mad", "wide") => Some((wide_product(ty)?, vec![ty, ty, wide], wide)),
        ("mul24", "lo") => same(
            match ty {
                Type::S32 => |[a, b, _, _]| (((a as i32) << 8 >> 8).wrapping_mul((b as i32) << 8 >> 8)).put(),
                _ => |[a, b, _, _]| ((a as u32 & 0xff_ffff).wrapping_mul(b as u32 & 0xff_ffff)).put(),
            },
            2,
        ),
        ("div", _) => same(by_int!(ty, |a, b, _c, _d| if b == 0 { !0 } else { a.wrapping_div(b) }), 2),
        ("rem", _) => same(by_int!(ty, |a, b, _c, _d| if b == 0 { a } else { a.wrapping_rem(b) }), 2),
        ("min", _) => same(by_int!(ty, |a, b, _c, _d| a.min(b)), 2),
        ("max", _) => same(by_int!(ty, |a, b, _c, _d| a.max(b)), 2),
        ("abs", _) => same(
            match ty {
                Type::S16 => |[a, ..]| (a as i16).wrapping_abs().put(),
                Type::S32 => |[a, ..]| (a as i32).wrapping_abs().put(),
                _ => |[a, ..]| (a as i64).wrapping_abs().put(),
            },
            1,
        ),
        ("neg", _) => same(by_int!(ty, |a, _b, _c, _d| a.wrapping_neg()), 1),
        ("and", _) => same(by_int!(ty, |a, b, _c, _d| a & b), 2),
        ("or", _) => same(by_int!(ty, |a, b, _c, _d| a | b), 2),
        ("xor", _) => same(by_int!(ty, |a, b, _c, _d| a ^ b), 2),
        ("not", _) => same(by_int!(ty, |a, _b, _c, _d| !a), 1),
        ("cnot", _) => same(by_int!(ty, |a, _b, _c, _d| if a == 0 { 1 } else { 0 }), 1),
        ("shl", _) => Some((
            match unsigned {
                Type::U16 => |[a, b, ..]| if b as u32 > 15 { 0 } else { (a as u16) << (b as u32) }.put(),
                Type::U64 => |[a, b, ..]| a.checked_shl(b as u32).unwrap_or(0),
                _ => |[a, b, ..]| (a as u32).checked_shl(b as u32).unwrap_or(0).put(),
            },
            vec![ty, Type::U32],
            ty,
        )),
        ("shr", _) => Some((
            match ty {
                Type::S16 => |[a, b, ..]| ((a as i16) >> (b as u32).min(15)).put(),
                Type::S32 => |[a, b, ..]| ((a as i32) >> (b as u32).min(31)).put(),
                Type::S64 => |[a, b, ..]| ((a as i64) >> (b as u32).min(63)).put(),
                Type::U16 | Type::B16 => |[a, b, ..]| if b as u32 > 15 { 0 } else { (a as u16) >> (b as u32) }.put(),
                Type::U64 | Type::B64 => |[a, b, ..]| a.checked_shr(b as u32).unwrap_or(0),
                _ => |[a, b, ..]| (a as u32).checked_shr(b as u32).unwrap_or(0).put(),
            },
            vec![ty, Type::U32],
            ty,
        )),
        ("shf", direction) => Some((
            match (direction, i.has("wrap")) {
                ("l", true) => |[a, b, c, _]| ((b << 32 | a & 0xffff_ffff) << (c & 31) >> 32) & 0xffff_ffff,
                ("l", false) => |[a, b, c, _]| {
                    let n = (c & 0xffff_ffff).min(32) as u32;
                    ((u128::from(b as u32) << 32 | u128::from(a as u32)) << n >> 32) as u32 as u64
                },
                (_, true) => |[a, b, c, _]| ((b << 32 | a & 0xffff_ffff) >> (c & 31)) & 0xffff_ffff,
                (_, false) => |[a, b, c, _]| {
                    let n = (c & 0xffff_ffff).min(32) as u32;
                    ((b << 32 | a & 0xffff_ffff) >> n) & 0xffff_ffff
                },
            },
            vec![Type::U32; 3],
            Type::U32,
        )),
        ("popc", _) => Some((|[a, ..]| u64::from(a.count_ones()), vec![unsigned], Type::U32)),
        ("clz", _) => Some((
            if ty.bytes() == 8 {
                |[a, ..]| u64::from(a.leading_zeros())
            } else {
                |[a, ..]| u64::from((a as u32).leading_zeros())
            },
            vec![unsigned],
            Type::U32,
        )),
        ("brev", _) => same(
            if ty.bytes() == 8 { |[a, ..]| a.reverse_bits() } else { |[a, ..]| (a as u32).reverse_bits().put() },
            1,
        ),
        ("bfind", _) => {
            let shift = i.has("shiftamt");
            let find: Scalar = match (ty, shift) {
                (Type::U32, false) => |[a, ..]| find_bit(u64::from(a as u32), 32, false),
                (Type::U32, true) => |[a, ..]| find_bit(u64::from(a as u32), 32, true),
                (Type::S32, false) => |[a, ..]| find_bit(u64::from((a as i32 ^ (a as i32 >> 31)) as u32), 32, false),
                (Type::S32, true) => |[a, ..]| find_bit(u64::from((a as i32 ^ (a as i32 >> 31)) as u32), 32, true),
                (Type::U64, false) => |[a, ..]| find_bit(a, 64, false),
                (Type::U64, true) => |[a, ..]| find_bit(a, 64, true),
                (Type::S64, false) => |[a, ..]| find_bit((a as i64 ^ (a as i64 >> 63)) as u64, 64, false),
                _ => |[a, ..]| find_bit((a as i64 ^ (a as i64 >> 63)) as u64, 64, true),
            };
            Some((find, vec![ty], Type::U32))
        }
        ("bfe", _) => Some((
            match ty {
                Type::U32 => |[a, b, c, _]| field(u64::from(a as u32), b, c, 32, false).put(),
                Type::S32 => |[a, b, c, _]| (field((a as i32 as i64) as u64, b, c, 32, true) as u32).put(),
                Type::U64 => |[a, b, c, _]| field(a, b, c, 64, false),
                _ => |[a, b, c, _]| field(a, b, c, 64, true),
            },
            vec![ty, Type::U32, Type::U32],
            ty,
        )),
        ("bfi", _) => Some((
            if ty.bytes() == 8 {
                |[a, b, c, d]| insert(a, b, c, d, 64)
            } else {
                |[a, b, c, d]| insert(u64::from(a as u32), u64::from(b as u32), c, d, 32).put() & 0xffff_ffff
            },
            vec![ty, ty, Type::U32, Type::U32],
            ty,
        )),
        ("lop3", _) => Some((
            |[a, b, c, table]| {
                let mut result = 0u32;
                for row in 0..8u32 {
                    if table >> row & 1 == 1 {
                        let pick = |x: u64, bit: u32| if row >> bit & 1 == 1 { x as u32 } else { !(x as u32) };
                        result |= pick(a, 2) & pick(b, 1) & pick(c, 0);
                    }
                }
                result.put()
            },
            vec![Type::U32; 4],
            Type::U32,
        )),
        ("prmt", "b32") => Some((
            match i.modifiers.get(1).map(String::as_str) {
                None => |[a, b, c, _]| permute(a, b, c),
                Some("f4e") => |[a, b, c, _]| permute(a, b, 0x3210 + 0x1111 * (c & 3)),
                Some("b4e") => |[a, b, c, _]| permute(a, b, [0x5670, 0x6701, 0x7012, 0x0123][(c & 3) as usize]),
                Some("rc8") => |[a, b, c, _]| permute(a, b, 0x1111 * (c & 3)),
                Some("ecl") => |[a, b, c, _]| permute(a, b, [0x3210, 0x3211, 0x3222, 0x3333][(c & 3) as usize]),
                Some("ecr") => |[a, b, c, _]| permute(a, b, [0x0000, 0x1110, 0x2210, 0x3210][(c & 3) as usize]),
                Some("rc16") => |[a, b, c, _]| permute(a, b, [0x1010, 0x3232][(c & 1) as usize]),
                Some(_) => return None,
            },
            vec![Type::U32; 3],
            Type::U32,
        )),
        ("sad", _) => same(
            by_int!(ty, |a, b, c, _d| c.wrapping_add(if a < b { b.wrapping_sub(a) } else { a.wrapping_sub(b) })),
            3,
        ),
        ("dp4a", _) => dot4(i),
        ("selp" | "setp" | "mov", _) => None,
        _ => None,
    }
}

fn find_bit(a: u64, bits: u32, shift: bool) -> u64 {
    if a == 0 {
        return 0xffff_ffff;
    }
    let top = 63 - a.leading_zeros();
    u64::from(if shift { bits - 1 - top } else { top })
}

fn field(a: u64, start: u64, length: u64, bits: u32, signed: bool) -> u64 {
    let (start, length) = ((start & 0xff) as u32, (length & 0xff) as u32);
    if length == 0 {
        return 0;
    }
    let top = (start + length - 1).min(bits - 1);
    let sign = signed && a >> top & 1 == 1;
    let mut result = 0;
    for k in 0..bits.min(64) {
        let bit = if k < length && start + k < bits { a >> (start + k) & 1 } else { u64::from(sign) };
        result |= bit << k;
    }
    result
}

fn insert(a: u64, b: u64, start: u64, length: u64, bits: u32) -> u64 {
    let (start, length) = ((start & 0xff) as u32, (length & 0xff) as u32);
    let mut result = b;
    for k in 0..length {
        if start + k >= bits {
            break;
        }
        let at = 1 << (start + k);
        result = if a >> k & 1 == 1 { result | at } else { result & !at };
    }
    result
}

fn permute(a: u64, b: u64, selector: u64) -> u64 {
    let bytes = ((b << 32) | (a & 0xffff_ffff)).to_le_bytes();
    let mut result = 0;
    for k in 0..4 {
        let code = selector >> (4 * k);
        let byte = bytes[(code & 7) as usize];
        let byte = if code & 8 == 0 { byte } else { ((byte as i8) >> 7) as u8 };
        result |= u64::from(byte) << (8 * k);
    }
    result
}

fn dot4(i: &Instruction) -> Option<(Scalar, Vec<Type>, Type)> {
    let signed = |k: usize| i.modifiers.get(k).map(|m| m == "s32");
    let function: Scalar = match (signed(0)?, signed(1)?) {
        (true, true) => |[a, b, c, _]| dot(a, b, c, |x| i32::from(x as i8), |x| i32::from(x as i8)),
        (true, false) => |[a, b, c, _]| dot(a, b, c, |x| i32::from(x as i8), i32::from),
        (false, true) => |[a, b, c, _]| dot(a, b, c, i32::from, |x| i32::from(x as i8)),
        (false, false) => |[a, b, c, _]| dot(a, b, c, i32::from, i32::from),
    };
    Some((function, vec![Type::U32; 3], Type::U32))
}

fn dot(a: u64, b: u64, c: u64, left: fn(u8) -> i32, right: fn(u8) -> i32) -> u64 {
    let (a, b) = ((a as u32).to_le_bytes(), (b as u32).to_le_bytes());
    let sum = a.iter().zip(b).fold(c as u32, |sum, (&x, y)| sum.wrapping_add((left(x) * right(y)) as u32));
    sum.put()
}

fn high(ty: Type) -> Option<Scalar> {
    Some(match ty {
        Type::U16 => |[a, b, ..]| ((a as u16 as u32 * (b as u16 as u32)) >> 16).put(),
        Type::S16 => |[a, b, ..]| (((a as i16 as i32 * (b as i16 as i32)) >> 16) as u16).put(),
        Type::U32 => |[a, b, ..]| (u64::from(a as u32) * u64::from(b as u32)) >> 32,
        Type::S32 => |[a, b, ..]| (((a as i32 as i64 * (b as i32 as i64)) >> 32) as u32).put(),
        Type::U64 => |[a, b, ..]| ((u128::from(a) * u128::from(b)) >> 64) as u64,
        Type::S64 => |[a, b, ..]| ((i128::from(a as i64) * i128::from(b as i64)) >> 64) as u64,
        _ => return None,
    })
}

fn high_add(ty: Type) -> Option<Scalar> {
    Some(match ty {
        Type::U32 => {
            |[a, b, c, _]| (((u64::from(a as u32) * u64::from(b as u32)) >> 32) as u32).wrapping_add(c as u32).put()
        }
        Type::S32 => |[a, b, c, _]| (((a as i32 as i64 * (b as i32 as i64)) >> 32) as u32).wrapping_add(c as u32).put(),
        Type::U64 => |[a, b, c, _]| (((u128::from(a) * u128::from(b)) >> 64) as u64).wrapping_add(c),
        Type::S64 => |[a, b, c, _]| (((i128::from(a as i64) * i128::from(b as i64)) >> 64) as u64).wrapping_add(c),
        _ => return None,
    })
}

/// The third operand is absent, that is 0, for a product without a sum.
fn wide_product(ty: Type) -> Option<Scalar> {
    Some(match ty {
        Type::U16 => |[a, b, c, _]| (a as u16 as u32 * (b as u16 as u32)).wrapping_add(c as u32).put(),
        Type::S16 => |[a, b, c, _]| (a as i16 as i32 * (b as i16 as i32)).wrapping_add(c as i32).put(),
        Type::U32 => |[a, b, c, _]| (u64::from(a as u32) * u64::from(b as u32)).wrapping_add(c),
        Type::S32 => |[a, b, c, _]| (a as i32 as i64 * (b as i32 as i64)).wrapping_add(c as i64).put(),
        _ => return None,
    })
}

fn round_of(i: &Instruction) -> Round {
    i.modifiers.iter().find_map(|m| Round::parse(m)).unwrap_or(Round::Nearest)
}

fn f32_operation(i: &Instruction) -> Option<(Scalar, usize)> {
    let round = round_of(i);
    let nan = i.has("NaN");
    Some(match i.opcode.as_str() {
        "add" => (
            by_round!(round, |R| by_f32!(i, |a, b, _c| {
                let (sum, rest) = two_sum(f64::from(a), f64::from(b));
                if R == Round::Nearest { a + b } else { round_to(sum, rest, R) }
            })),
            2,
        ),
        "sub" => (
            by_round!(round, |R| by_f32!(i, |a, b, _c| {
                let (sum, rest) = two_sum(f64::from(a), -f64::from(b));
                if R == Round::Nearest { a - b } else { round_to(sum, rest, R) }
            })),
            2,
        ),
        "mul" => (by_round!(round, |R| by_f32!(i, |a, b, _c| round_to(f64::from(a) * f64::from(b), 0.0, R))), 2),
        "fma" | "mad" => (
            by_round!(round, |R| by_f32!(i, |a, b, c| if R == Round::Nearest {
                a.mul_add(b, c)
            } else {
                fused(a, b, c, R)
            })),
            3,
        ),
        "div" if round == Round::Nearest => (by_f32!(i, |a, b, _c| a / b), 2),
        "min" if nan => (by_f32!(i, |a, b, _c| if a.is_nan() || b.is_nan() { f32::NAN } else { minimum(a, b) }), 2),
        "max" if nan => (by_f32!(i, |a, b, _c| if a.is_nan() || b.is_nan() { f32::NAN } else { maximum(a, b) }), 2),
        "min" => (by_f32!(i, |a, b, _c| minimum(a, b)), 2),
        "max" => (by_f32!(i, |a, b, _c| maximum(a, b)), 2),
        "neg" => (by_f32!(i, |a, _b, _c| -a), 1),
        "abs" => (by_f32!(i, |a, _b, _c| a.abs()), 1),
        "copysign" => (|[a, b, ..]| (f32::get(b).copysign(f32::get(a))).put(), 2),
        "sqrt" if round == Round::Nearest => (by_f32!(i, |a, _b, _c| a.sqrt()), 1),
        "rcp" if round == Round::Nearest => (by_f32!(i, |a, _b, _c| 1.0 / a), 1),
        "rsqrt" => (by_f32!(i, |a, _b, _c| (1.0 / f64::from(a).sqrt()) as f32), 1),
        "sin" => (by_f32!(i, |a, _b, _c| f64::from(a).sin() as f32), 1),
        "cos" => (by_f32!(i, |a, _b, _c| f64::from(a).cos() as f32), 1),
        "lg2" => (by_f32!(i, |a, _b, _c| f64::from(a).log2() as f32), 1),
        "ex2" => (by_f32!(i, |a, _b, _c| f64::from(a).exp2() as f32), 1),
        "tanh" => (by_f32!(i, |a, _b, _c| f64::from(a).tanh() as f32), 1),
        _ => return None,
    })
}

/// The smaller one; the other if one is no number; -0 is smaller than +0.
pub(crate) fn minimum(a: f32, b: f32) -> f32 {
    if a == b { if a.is_sign_negative() { a } else { b } } else { a.min(b) }
}

/// The greater one; the other if one is no number; +0 is greater than -0.
pub(crate) fn maximum(a: f32, b: f32) -> f32 {
    if a == b { if a.is_sign_negative() { b } else { a } } else { a.max(b) }
}

fn f64_operation(i: &Instruction) -> Option<(Scalar, usize)> {
    if round_of(i) != Round::Nearest {
        return None;
    }
    Some(match i.opcode.as_str() {
        "add" => (by_f64!(|a, b, _c| a + b), 2),
        "sub" => (by_f64!(|a, b, _c| a - b), 2),
        "mul" => (by_f64!(|a, b, _c| a * b), 2),
        "fma" | "mad" => (by_f64!(|a, b, c| a.mul_add(b, c)), 3),
        "div" => (by_f64!(|a, b, _c| a / b), 2),
        "min" => (by_f64!(|a, b, _c| a.min(b)), 2),
        "max" => (by_f64!(|a, b, _c| a.max(b)), 2),
        "neg" => (by_f64!(|a, _b, _c| -a), 1),
        "abs" => (by_f64!(|a, _b, _c| a.abs()), 1),
        "copysign" => (by_f64!(|a, b, _c| b.copysign(a)), 2),
        "sqrt" => (by_f64!(|a, _b, _c| a.sqrt()), 1),
        "rcp" => (by_f64!(|a, _b, _c| 1.0 / a), 1),
        "rsqrt" => (by_f64!(|a, _b, _c| 1.0 / a.sqrt()), 1),
        _ => return None,
    })
}

fn half_operation(i: &Instruction, ty: Type) -> Option<(Scalar, usize)> {
    if i.has("sat") || round_of(i) != Round::Nearest {
        return None;
    }
    let nan = i.has("NaN");
    Some(match i.opcode.as_str() {
        "add" => (by_half!(ty, |a, b, _c| Float::nearest(a.wide() + b.wide())), 2),
        "sub" => (by_half!(ty, |a, b, _c| Float::nearest(a.wide() - b.wide())), 2),
        "mul" => (by_half!(ty, |a, b, _c| Float::nearest(a.wide() * b.wide())), 2),
        "fma" => (by_half!(ty, |a, b, c| fused(a, b, c, Round::Nearest)), 3),
        "min" if nan => (
            by_half!(ty, |a, b, _c| if a.is_nan() {
                a
            } else if b.is_nan() || b.wide() < a.wide() {
                b
            } else {
                a
            }),
            2,
        ),
        "max" if nan => (
            by_half!(ty, |a, b, _c| if a.is_nan() {
                a
            } else if b.is_nan() || b.wide() > a.wide() {
                b
            } else {
                a
            }),
            2,
        ),
        "min" => (by_half!(ty, |a, b, _c| if a.is_nan() || b.wide() < a.wide() { b } else { a }), 2),
        "max" => (by_half!(ty, |a, b, _c| if a.is_nan() || b.wide() > a.wide() { b } else { a }), 2),
        "neg" => (by_half!(ty, |a, _b, _c| Lane::get(a.put() ^ 0x8000)), 1),
        "abs" => (by_half!(ty, |a, _b, _c| Lane::get(a.put() & 0x7fff)), 1),
        "ex2" => (by_half!(ty, |a, _b, _c| Float::nearest(a.wide().exp2())), 1),
        "tanh" => (by_half!(ty, |a, _b, _c| Float::nearest(a.wide().tanh())), 1),
        _ => return None,
    })
}

fn int_to_int<A: Int, B: Int>([a, ..]: [u64; 4]) -> u64 {
    B::get(A::get(a).wide() as u64).put()
}

fn int_to_int_saturated<A: Int, B: Int>([a, ..]: [u64; 4]) -> u64 {
    B::saturate(A::get(a).wide()).put()
}

fn int_to_word<A: Int, B: Int>(sat: bool) -> Scalar {
    if sat {
        |[a, ..]| (B::saturate(A::get(a).wide()).wide() as i32).put()
    } else {
        |[a, ..]| (B::get(A::get(a).wide() as u64).wide() as i32).put()
    }
}

/// The smallest register has 16 bits.
fn byte_to_half_word<A: Int>(sat: bool) -> Scalar {
    if sat {
        |[a, ..]| i16::from(i8::saturate(A::get(a).wide())).put()
    } else {
        |[a, ..]| i16::from(A::get(a).wide() as i8).put()
    }
}

fn int_to_float<A: Int, B: Float, const R: u8>([a, ..]: [u64; 4]) -> u64 {
    let value = A::get(a).wide();
    // In two parts, each exact in double precision.
    let high = (value >> 32) as f64 * 4_294_967_296.0;
    let (sum, rest) = two_sum(high, (value & 0xffff_ffff) as f64);
    round_to::<B>(sum, rest, rounding(R)).put()
}

fn float_to_int<A: Float, B: Int, const R: u8, const F: bool>([a, ..]: [u64; 4]) -> u64 {
    let x = A::get(a).wide();
    if x.is_nan() {
        // The PTX manual: the top bit alone if either side has 64 bits, else zero.
        let wide = size_of::<A>() == 8 || size_of::<B>() == 8;
        return B::get(u64::from(wide) << (size_of::<B>() * 8 - 1)).put();
    }
    let x = if F { f64::from(flush(x as f32)) } else { x };
    B::saturate(to_integer(x, rounding(R)) as i128).put()
}

fn float_to_float<A: Float, B: Float, const R: u8>([a, ..]: [u64; 4]) -> u64 {
    let x = A::get(a).wide();
    if x.is_nan() {
        return B::nearest(f64::NAN).put();
    }
    round_to::<B>(x, 0.0, rounding(R)).put()
}

fn rounded_in_place<A: Float, const R: u8>([a, ..]: [u64; 4]) -> u64 {
    let x = A::get(a).wide();
    A::nearest(if x.is_nan() { x } else { to_integer(x, rounding(R)) }).put()
}

const fn rounding(code: u8) -> Round {
    match code {
        0 => Round::Nearest,
        1 => Round::Zero,
        2 => Round::Down,
        _ => Round::Up,
    }
}

macro_rules! with_int {
    ($ty:expr, $t:ident => $body:expr) => {
        match $ty {
            Type::U8 | Type::B8 => {
                type $t = u8;
                $body
            }
            Type::S8 => {
                type $t = i8;
                $body
            }
            Type::U16 | Type::B16 => {
                type $t = u16;
                $body
            }
            Type::S16 => {
                type $t = i16;
                $body
            }
            Type::U32 | Type::B32 => {
                type $t = u32;
                $body
            }
            Type::S32 => {
                type $t = i32;
                $body
            }
            Type::U64 | Type::B64 => {
                type $t = u64;
                $body
            }
            Type::S64 => {
                type $t = i64;
                $body
            }
            _ => return None,
        }
    };
}

macro_rules! with_float {
    ($ty:expr, $t:ident => $body:expr) => {
        match $ty {
            Type::F16 => {
                type $t = f16;
                $body
            }
            Type::Bf16 => {
                type $t = bf16;
                $body
            }
            Type::F32 => {
                type $t = f32;
                $body
            }
            Type::F64 => {
                type $t = f64;
                $body
            }
            _ => return None,
        }
    };
}

macro_rules! with_round {
    ($round:expr, $r:ident => $body:expr) => {
        match $round {
            Round::Nearest => {
                const $r: u8 = 0;
                $body
            }
            Round::Zero => {
                const $r: u8 = 1;
                $body
            }
            Round::Down => {
                const $r: u8 = 2;
                $body
            }
            Round::Up => {
                const $r: u8 = 3;
                $body
            }
        }
    };
}

fn conversion(i: &Instruction, word: bool) -> Option<Operation> {
    let mut types = i.modifiers.iter().filter_map(|m| Type::parse(m));
    let (to, from) = (types.next()?, types.next()?);
    if types.next().is_some() || i.has("relu") || i.has("satfinite") {
        return None;
    }
    let one = |function: Scalar| Some(Operation { function, result: to, operands: vec![from] });
    let round = round_of(i);
    let integral = i.modifiers.iter().any(|m| matches!(m.as_str(), "rni" | "rzi" | "rmi" | "rpi"));
    let (ftz, sat) = (i.has("ftz"), i.has("sat"));
    match (to, from) {
        (Type::F16x2, Type::F32) if round == Round::Nearest => {
            let function: Scalar =
                |[a, b, ..]| f16::nearest(f32::get(b).wide()).put() | f16::nearest(f32::get(a).wide()).put() << 16;
            Some(Operation { function, result: to, operands: vec![from; 2] })
        }
        (Type::Bf16x2, Type::F32) if round == Round::Nearest => {
            let function: Scalar =
                |[a, b, ..]| bf16::nearest(f32::get(b).wide()).put() | bf16::nearest(f32::get(a).wide()).put() << 16;
            Some(Operation { function, result: to, operands: vec![from; 2] })
        }
        // Round to nearest, ties away from zero: half of the last kept place is added to the magnitude.
        (Type::Tf32, Type::F32) if i.has("rna") => {
            one(|[a, ..]| if f32::get(a).is_nan() { a } else { (a + 0x1000) & 0xffff_e000 })
        }
        (to, from) if from.float() && to.float() => {
            if integral && to == from {
                let function: Scalar = with_float!(from, A => with_round!(round, R => rounded_in_place::<A, R>));
                return match (from, ftz, sat) {
                    (Type::F32, true, false) => one(match round {
                        Round::Nearest => |[a, ..]| flush(f32::get(a)).round_ties_even().put(),
                        Round::Zero => |[a, ..]| flush(f32::get(a)).trunc().put(),
                        Round::Down => |[a, ..]| flush(f32::get(a)).floor().put(),
                        Round::Up => |[a, ..]| flush(f32::get(a)).ceil().put(),
                    }),
                    (_, false, false) => one(function),
                    _ => None,
                };
            }
            if to == Type::F32 && from == Type::F32 {
                return one(by_f32!(i, |a, _b, _c| a));
            }
            if sat {
                return None;
            }
            // Flushing: only fp32 has it here.
            let function: Scalar = match (from, to, ftz) {
                (_, _, false) => {
                    with_float!(from, A => with_float!(to, B => with_round!(round, R => float_to_float::<A, B, R>)))
                }
                (Type::F16, Type::F32, true) => |[a, ..]| flush(f16::get(a).wide() as f32).put(),
                (Type::F64, Type::F32, true) => |[a, ..]| flush(f64::get(a) as f32).put(),
                (Type::F32, Type::F64, true) => |[a, ..]| f64::from(flush(f32::get(a))).put(),
                (Type::F32, Type::F16, true) => |[a, ..]| f16::nearest(f64::from(flush(f32::get(a)))).put(),
                _ => return None,
            };
            one(function)
        }
        (Type::S8 | Type::S16, from) if from.float() && word => None,
        (to, from) if from.float() => {
            let flushes = ftz && from == Type::F32;
            one(with_float!(from, A => with_int!(to, B => with_round!(round, R => {
                if flushes { float_to_int::<A, B, R, true> as Scalar } else { float_to_int::<A, B, R, false> as Scalar }
            }))))
        }
        (to, from) if to.float() => {
            if sat {
                return None;
            }
            one(with_int!(from, A => with_float!(to, B => with_round!(round, R => int_to_float::<A, B, R>))))
        }
        // A signed result that is narrower than its register is extended to all of it.
        (Type::S8, from) if word => one(with_int!(from, A => int_to_word::<A, i8>(sat))),
        (Type::S16, from) if word => one(with_int!(from, A => int_to_word::<A, i16>(sat))),
        (Type::S8, from) => one(with_int!(from, A => byte_to_half_word::<A>(sat))),
        (to, from) => one(with_int!(from, A => with_int!(to, B => {
            if sat { int_to_int_saturated::<A, B> as Scalar } else { int_to_int::<A, B> as Scalar }
        }))),
    }
}

/// A comparison: 1 if it holds, else 0.
pub(super) fn comparison(i: &Instruction, ty: Type) -> Option<Scalar> {
    let cmp = i.modifiers.first()?.as_str();
    if ty.float() {
        let flushes = i.has("ftz") && ty == Type::F32;
        return float_comparison(cmp, ty, flushes);
    }
    Some(match cmp {
        "eq" => by_int!(ty, |a, b, _c, _d| u32::from(a == b)),
        "ne" => by_int!(ty, |a, b, _c, _d| u32::from(a != b)),
        "lt" | "lo" => by_int!(ty, |a, b, _c, _d| u32::from(a < b)),
        "le" | "ls" => by_int!(ty, |a, b, _c, _d| u32::from(a <= b)),
        "gt" | "hi" => by_int!(ty, |a, b, _c, _d| u32::from(a > b)),
        "ge" | "hs" => by_int!(ty, |a, b, _c, _d| u32::from(a >= b)),
        _ => return None,
    })
}

fn compare<A: Float, const C: u8, const F: bool>([a, b, ..]: [u64; 4]) -> u64 {
    let (mut a, mut b) = (A::get(a).wide(), A::get(b).wide());
    if F {
        (a, b) = (f64::from(flush(a as f32)), f64::from(flush(b as f32)));
    }
    let unordered = a.is_nan() || b.is_nan();
    u64::from(match C {
        0 => a == b,
        1 => !unordered && a != b,
        2 => a < b,
        3 => a <= b,
        4 => a > b,
        5 => a >= b,
        6 => unordered || a == b,
        7 => a != b,
        8 => unordered || a < b,
        9 => unordered || a <= b,
        10 => unordered || a > b,
        11 => unordered || a >= b,
        12 => !unordered,
        _ => unordered,
    })
}

fn float_comparison(cmp: &str, ty: Type, flushes: bool) -> Option<Scalar> {
    macro_rules! pick {
        ($code:literal) => {
            with_float!(ty, A => if flushes { compare::<A, $code, true> as Scalar } else { compare::<A, $code, false> as Scalar })
        };
    }
    Some(match cmp {
        "eq" => pick!(0),
        "ne" => pick!(1),
        "lt" => pick!(2),
        "le" => pick!(3),
        "gt" => pick!(4),
        "ge" => pick!(5),
        "equ" => pick!(6),
        "neu" => pick!(7),
        "ltu" => pick!(8),
        "leu" => pick!(9),
        "gtu" => pick!(10),
        "geu" => pick!(11),
        "num" => pick!(12),
        "nan" => pick!(13),
        _ => return None,
    })
}
