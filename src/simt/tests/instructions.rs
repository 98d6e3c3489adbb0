//! Forms of instructions against arithmetic that the host does in another way. Each form is a PTX kernel of its own: a lane loads its
//! operands, executes the instruction, and stores the result.
#![allow(clippy::unwrap_used, reason = "a test")]

mod support;

use kernsmith_simt::memory::{Content, Right};
use support::{Bench, Look};

/// Values that mistakes do not survive, 32 of them.
fn edges() -> Vec<u64> {
    let mut list = vec![
        0,
        1,
        2,
        3,
        5,
        7,
        31,
        32,
        33,
        0x7f,
        0x80,
        0xff,
        0x7fff,
        0x8000,
        0xffff,
        0x1_0000,
        0x7fff_ffff,
        0x8000_0000,
        0xffff_fffe,
        0xffff_ffff,
        0x1_0000_0000,
        0x7fff_ffff_ffff_ffff,
        0x8000_0000_0000_0000,
        0xffff_ffff_ffff_fff1,
    ];
    let mut x = 0x9e37_79b9_7f4a_7c15u64;
    while list.len() < 32 {
        x = x.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        list.push(x);
    }
    list
}

fn float_edges() -> Vec<u64> {
    let list = [
        0.0f32,
        -0.0,
        1.0,
        -1.0,
        0.5,
        -0.5,
        1.5,
        2.5,
        -2.5,
        3.7,
        -3.7,
        1e-3,
        1e10,
        -1e10,
        1e20,
        1e38,
        -3e38,
        1e-38,
        1e-40,
        1e-45,
        f32::INFINITY,
        f32::NEG_INFINITY,
        f32::NAN,
        123_456.79,
        0.1,
        0.333_333_34,
        16_777_216.0,
        16_777_217.0,
        2_147_483_600.0,
        -2.0,
        7.0,
        0.75,
    ];
    list.iter().map(|f| u64::from(f.to_bits())).collect()
}

/// Width in bytes of a PTX type.
fn bytes(ty: &str) -> usize {
    ty.trim_start_matches(|c: char| c.is_ascii_alphabetic())
        .split('x')
        .next()
        .map_or(4, |d| d.parse::<usize>().unwrap() / 8)
        * if ty.ends_with("x2") { 2 } else { 1 }
}

/// Executes `instruction` with operands of the types of `from` (values of lane l: a[l], b[l + 7], c[l + 13]) and gives the results.
fn execute(instruction: &str, from: &[&str], to: &str, values: &[u64]) -> Vec<u64> {
    let bits = |ty: &str| format!("b{}", 8 * bytes(ty).max(2));
    let mut body = format!(".reg .{} %d;\n.reg .b32 %t;\n.reg .b64 %x, %y, %z, %o;\n.reg .pred %p;\n", bits(to));
    body.push_str("mov.u32 %t, %tid.x;\nld.param.u64 %x, [k_param_0];\nld.param.u64 %y, [k_param_1];\nmul.wide.u32 %o, %t, 8;\nadd.s64 %y, %y, %o;\n");
    for (n, ty) in from.iter().enumerate() {
        body.push_str(&format!(".reg .{} %a{n};\n", bits(ty)));
        body.push_str(&format!("mad.wide.u32 %z, %t, 8, %x;\nld.global.u{} %a{n}, [%z+{}];\n", 8 * bytes(ty), n * 256));
    }
    body.push_str(instruction);
    body.push_str(&format!("\nst.global.b{} [%y], %d;\nret;\n", 8 * bytes(to)));
    let ptx = format!(
        ".version 9.0\n.target sm_90\n.address_size 64\n.visible .entry k(\n.param .u64 k_param_0,\n.param .u64 k_param_1\n)\n{{\n{body}}}\n"
    );
    let mut bench = Bench::new(&ptx, "k", [1, 1, 1], [32, 1, 1]);
    let mut data = Vec::new();
    for n in 0..from.len().max(1) {
        (0..32).for_each(|lane| data.extend(operand(values, n, lane).to_le_bytes()));
    }
    bench.buffer("x", data.len() as u64, Right::Read, Content::Bytes(data));
    let y = bench.buffer("y", 256, Right::Write, Content::Zero);
    let report = bench.run(Look::Faults);
    assert!(report.finished && report.faults.is_empty(), "{instruction}: {:?}", report.faults);
    bench.memory.buffer(y).data().chunks_exact(8).map(|b| u64::from_le_bytes(b.try_into().unwrap())).collect()
}

/// Operand `n` of a lane.
fn operand(values: &[u64], n: usize, lane: usize) -> u64 {
    values[(lane + [0, 7, 13, 21][n]) % values.len()]
}

fn check(instruction: &str, from: &[&str], to: &str, values: &[u64], host: impl Fn([u64; 4]) -> u64) {
    let got = execute(instruction, from, to, values);
    let mask = |ty: &str| if bytes(ty) == 8 { u64::MAX } else { (1 << (8 * bytes(ty))) - 1 };
    for (lane, got) in got.iter().enumerate() {
        let of = |n: usize| from.get(n).map_or(0, |ty| operand(values, n, lane) & mask(ty));
        let operands = [of(0), of(1), of(2), of(3)];
        let want = host(operands) & mask(to);
        let nan = to == "f32" && f32::from_bits(*got as u32).is_nan() && f32::from_bits(want as u32).is_nan();
        assert!(*got == want || nan, "{instruction} of {operands:x?}: {got:x}, the host says {want:x}");
    }
}

/// Sign extension to 128 bits.
fn wide(ty: &str, x: u64) -> i128 {
    let n = 8 * bytes(ty) as u32;
    let x = i128::from(x) & ((1i128 << n) - 1);
    if ty.starts_with('s') && x >> (n - 1) & 1 == 1 { x - (1i128 << n) } else { x }
}

#[test]
fn integers() {
    let values = edges();
    for ty in ["u16", "s16", "u32", "s32", "u64", "s64"] {
        let n = 8 * bytes(ty) as u32;
        let w = move |x: u64| wide(ty, x);
        let two = |op: &str, f: &dyn Fn(i128, i128) -> i128| {
            check(&format!("{op}.{ty} %d, %a0, %a1;"), &[ty, ty], ty, &values, |[a, b, ..]| f(w(a), w(b)) as u64);
        };
        two("add", &|a, b| a + b);
        two("sub", &|a, b| a - b);
        two("mul.lo", &|a, b| a.wrapping_mul(b));
        two("mul.hi", &|a, b| a.wrapping_mul(b) >> n);
        two("min", &|a, b| a.min(b));
        two("max", &|a, b| a.max(b));
        two("div", &|a, b| if b == 0 { -1 } else { a / b });
        two("rem", &|a, b| if b == 0 { a } else { a % b });
        let three = format!("mad.lo.{ty} %d, %a0, %a1, %a2;");
        check(&three, &[ty, ty, ty], ty, &values, |[a, b, c, _]| w(a).wrapping_mul(w(b)).wrapping_add(w(c)) as u64);
        let shift = format!("shr.{ty} %d, %a0, %a1;");
        check(&shift, &[ty, "u32"], ty, &values, |[a, b, ..]| (w(a) >> (b & 0xffff_ffff).min(u64::from(n))) as u64);
        if n < 64 {
            let to = format!("{}{}", &ty[..1], 2 * n);
            check(&format!("mul.wide.{ty} %d, %a0, %a1;"), &[ty, ty], &to, &values, |[a, b, ..]| {
                w(a).wrapping_mul(w(b)) as u64
            });
        }
        if ty.starts_with('s') {
            check(&format!("abs.{ty} %d, %a0;"), &[ty], ty, &values, |[a, ..]| w(a).unsigned_abs() as u64);
            check(&format!("neg.{ty} %d, %a0;"), &[ty], ty, &values, |[a, ..]| (-w(a)) as u64);
        }
        for (name, f) in [
            ("eq", i128::eq as fn(&i128, &i128) -> bool),
            ("ne", i128::ne),
            ("lt", i128::lt),
            ("le", i128::le),
            ("gt", i128::gt),
            ("ge", i128::ge),
        ] {
            let text = format!("setp.{name}.{ty} %p, %a0, %a1;\nselp.b32 %d, 1, 0, %p;");
            check(&text, &[ty, ty], "u32", &values, |[a, b, ..]| u64::from(f(&w(a), &w(b))));
            let pair = format!(".reg .pred %q;\nsetp.{name}.and.{ty} %q|%p, %a0, %a1, 1;\nselp.b32 %d, 1, 0, %p;");
            check(&pair, &[ty, ty], "u32", &values, |[a, b, ..]| u64::from(!f(&w(a), &w(b))));
        }
        for to in ["u8", "s8", "u16", "s16", "u32", "s32", "u64", "s64"] {
            let register = format!("u{}", 8 * bytes(to).max(2));
            check(&format!("cvt.{to}.{ty} %d, %a0;"), &[ty], &register, &values, |[a, ..]| {
                wide(to, w(a) as u64) as u64
            });
            let m = 8 * bytes(to) as u32;
            let (low, high) =
                if to.starts_with('s') { (-(1i128 << (m - 1)), (1i128 << (m - 1)) - 1) } else { (0, (1i128 << m) - 1) };
            check(&format!("cvt.sat.{to}.{ty} %d, %a0;"), &[ty], &register, &values, |[a, ..]| {
                w(a).clamp(low, high) as u64
            });
        }
    }
}

#[test]
fn bits() {
    let values = edges();
    for (ty, n) in [("b32", 32u32), ("b64", 64)] {
        let limit = if n == 64 { u64::MAX } else { 0xffff_ffff };
        for (op, f) in [("and", (|a, b| a & b) as fn(u64, u64) -> u64), ("or", |a, b| a | b), ("xor", |a, b| a ^ b)] {
            check(&format!("{op}.{ty} %d, %a0, %a1;"), &[ty, ty], ty, &values, |[a, b, ..]| f(a, b));
        }
        check(&format!("not.{ty} %d, %a0;"), &[ty], ty, &values, |[a, ..]| !a);
        check(&format!("shl.{ty} %d, %a0, %a1;"), &[ty, "u32"], ty, &values, |[a, b, ..]| {
            if b >= u64::from(n) { 0 } else { a << b }
        });
        check(&format!("popc.{ty} %d, %a0;"), &[ty], "u32", &values, |[a, ..]| (0..n).map(|k| a >> k & 1).sum());
        check(&format!("clz.{ty} %d, %a0;"), &[ty], "u32", &values, |[a, ..]| {
            (0..n).rev().position(|k| a >> k & 1 == 1).unwrap_or(n as usize) as u64
        });
        check(&format!("brev.{ty} %d, %a0;"), &[ty], ty, &values, |[a, ..]| {
            (0..n).fold(0, |r, k| r | (a >> k & 1) << (n - 1 - k))
        });
        let (u, s) = (format!("u{n}"), format!("s{n}"));
        check(&format!("bfind.{u} %d, %a0;"), &[&u], "u32", &values, |[a, ..]| {
            (0..n).rev().find(|k| a >> k & 1 == 1).map_or(u64::MAX, u64::from)
        });
        let field = |a: u64, b: u64, c: u64, signed: bool| {
            let (start, length) = ((b & 255) as u32, (c & 255) as u32);
            let mut result = 0u64;
            if length == 0 {
                return 0;
            }
            let sign = if signed { a >> (start + length - 1).min(n - 1) & 1 } else { 0 };
            for k in 0..n {
                let bit = if k < length && start + k < n { a >> (start + k) & 1 } else { sign };
                result |= bit << k;
            }
            result & limit
        };
        check(&format!("bfe.{u} %d, %a0, %a1, %a2;"), &[&u, "u32", "u32"], &u, &values, |[a, b, c, _]| {
            field(a, b, c, false)
        });
        check(&format!("bfe.{s} %d, %a0, %a1, %a2;"), &[&s, "u32", "u32"], &s, &values, |[a, b, c, _]| {
            field(a, b, c, true)
        });
        check(&format!("bfi.{ty} %d, %a0, %a1, %a2, %a3;"), &[ty, ty, "u32", "u32"], ty, &values, |[a, b, c, d]| {
            let (start, length) = (c & 255, d & 255);
            (0..u64::from(n)).fold(0, |r, k| {
                let inside = k >= start && k < start + length;
                r | (if inside { a >> (k - start) & 1 } else { b >> k & 1 }) << k
            })
        });
    }
    check("shf.l.wrap.b32 %d, %a0, %a1, %a2;", &["b32", "b32", "u32"], "b32", &values, |[a, b, c, _]| {
        let n = (c & 31) as u32;
        if n == 0 { b } else { b << n | a >> (32 - n) }
    });
    check("shf.r.clamp.b32 %d, %a0, %a1, %a2;", &["b32", "b32", "u32"], "b32", &values, |[a, b, c, _]| {
        match c.min(32) {
            0 => a,
            32 => b,
            n => a >> n | b << (32 - n),
        }
    });
    check("prmt.b32 %d, %a0, %a1, %a2;", &["b32", "b32", "b32"], "b32", &values, |[a, b, c, _]| {
        let byte = |k: u64| if k < 4 { a >> (8 * k) & 255 } else { b >> (8 * (k - 4)) & 255 };
        (0..4).fold(0, |r, k| {
            let code = c >> (4 * k) & 15;
            let x = byte(code & 7);
            r | (if code < 8 { x } else { 255 * (x >> 7) }) << (8 * k)
        })
    });
    check("lop3.b32 %d, %a0, %a1, %a2, 0xCA;", &["b32", "b32", "b32"], "b32", &values, |[a, b, c, _]| {
        (a & b) | (!a & c)
    });
    check("dp4a.s32.u32 %d, %a0, %a1, %a2;", &["b32", "b32", "b32"], "b32", &values, |[a, b, c, _]| {
        (0..4).fold(c as i64, |r, k| r + i64::from((a >> (8 * k)) as u8 as i8) * (b >> (8 * k) & 255) as i64) as u64
    });
    check("sad.u32 %d, %a0, %a1, %a2;", &["u32", "u32", "u32"], "u32", &values, |[a, b, c, _]| c + a.abs_diff(b));
}

#[test]
fn floats() {
    let values = float_edges();
    let f = |x: u64| f32::from_bits(x as u32);
    let bits = |x: f32| u64::from(x.to_bits());
    let two = |op: &str, host: &dyn Fn(f32, f32) -> f32| {
        check(&format!("{op}.f32 %d, %a0, %a1;"), &["f32", "f32"], "f32", &values, |[a, b, ..]| bits(host(f(a), f(b))));
    };
    two("add", &|a, b| a + b);
    two("add.rn", &|a, b| (f64::from(a) + f64::from(b)) as f32);
    two("sub", &|a, b| a - b);
    two("mul", &|a, b| (f64::from(a) * f64::from(b)) as f32);
    two("div.rn", &|a, b| a / b);
    two("add.ftz", &|a, b| {
        let z = |x: f32| if x.is_subnormal() { 0.0f32.copysign(x) } else { x };
        z(z(a) + z(b))
    });
    two("mul.sat", &|a, b| if (a * b).is_nan() { 0.0 } else { (a * b).clamp(0.0, 1.0) });
    two("min", &|a, b| {
        if a.is_nan() {
            b
        } else if b.is_nan() || a < b || (a == b && a.is_sign_negative()) {
            a
        } else {
            b
        }
    });
    two("max", &|a, b| {
        if a.is_nan() {
            b
        } else if b.is_nan() || a > b || (a == b && a.is_sign_positive()) {
            a
        } else {
            b
        }
    });
    two("min.NaN", &|a, b| {
        if a.is_nan() || b.is_nan() {
            f32::NAN
        } else if a < b || (a == b && a.is_sign_negative()) {
            a
        } else {
            b
        }
    });
    two("copysign", &|a, b| b.copysign(a));
    check("fma.rn.f32 %d, %a0, %a1, %a2;", &["f32"; 3], "f32", &values, |[a, b, c, _]| bits(f(a).mul_add(f(b), f(c))));
    // Towards zero never gives more than the exact product, and less than a unit in the last place below it.
    let down = execute("mul.rz.f32 %d, %a0, %a1;", &["f32", "f32"], "f32", &values);
    for (lane, got) in down.iter().enumerate() {
        let exact = f64::from(f(operand(&values, 0, lane))) * f64::from(f(operand(&values, 1, lane)));
        let got = f(*got);
        let above = f64::from(got.abs().next_up());
        let holds = exact.is_nan() && got.is_nan()
            || exact.is_infinite() && got.is_infinite()
            || f64::from(got).abs() <= exact.abs() && (exact.abs() < above || got.abs() == f32::MAX);
        assert!(holds, "mul.rz: {exact} became {got}");
    }
    for (name, host) in [
        ("neg", (|x: f32| -x) as fn(f32) -> f32),
        ("abs", f32::abs),
        ("sqrt.rn", f32::sqrt),
        ("rcp.rn", |x| 1.0 / x),
        ("cvt.rni.f32", f32::round_ties_even),
        ("cvt.rzi.f32", f32::trunc),
        ("cvt.rmi.f32", f32::floor),
        ("cvt.rpi.f32", f32::ceil),
    ] {
        check(&format!("{name}.f32 %d, %a0;"), &["f32"], "f32", &values, |[a, ..]| bits(host(f(a))));
    }
    check("cvt.rzi.s32.f32 %d, %a0;", &["f32"], "s32", &values, |[a, ..]| (f(a) as i32) as u64);
    check("cvt.rni.u32.f32 %d, %a0;", &["f32"], "u32", &values, |[a, ..]| u64::from(f(a).round_ties_even() as u32));
    check("cvt.rzi.s16.f32 %d, %a0;", &["f32"], "s16", &values, |[a, ..]| (f(a) as i16) as u64);
    check("cvt.f64.f32 %d, %a0;", &["f32"], "f64", &values, |[a, ..]| {
        if f(a).is_nan() { f64::NAN } else { f64::from(f(a)) }.to_bits()
    });
    check("cvt.rn.f32.s32 %d, %a0;", &["s32"], "f32", &edges(), |[a, ..]| bits(a as i32 as f32));
    check("cvt.rn.f32.u64 %d, %a0;", &["u64"], "f32", &edges(), |[a, ..]| bits(a as f32));
    check("cvt.rn.f64.s64 %d, %a0;", &["s64"], "f64", &edges(), |[a, ..]| (a as i64 as f64).to_bits());
    for (name, host) in [
        ("eq", (|a: f32, b: f32| a == b) as fn(f32, f32) -> bool),
        ("ne", |a, b| !a.is_nan() && !b.is_nan() && a != b),
        ("lt", |a, b| a < b),
        ("ge", |a, b| a >= b),
        ("equ", |a, b| a == b || a.is_nan() || b.is_nan()),
        ("neu", |a, b| a != b),
        ("gtu", |a, b| a > b || a.is_nan() || b.is_nan()),
        ("num", |a, b| !a.is_nan() && !b.is_nan()),
        ("nan", |a, b| a.is_nan() || b.is_nan()),
    ] {
        let text = format!("setp.{name}.f32 %p, %a0, %a1;\nselp.b32 %d, 1, 0, %p;");
        check(&text, &["f32", "f32"], "u32", &values, |[a, b, ..]| u64::from(host(f(a), f(b))));
    }
    for (name, host) in [
        ("ex2.approx", f64::exp2 as fn(f64) -> f64),
        ("lg2.approx", f64::log2),
        ("sin.approx", f64::sin),
        ("rsqrt.approx", |x| 1.0 / x.sqrt()),
        ("tanh.approx", f64::tanh),
    ] {
        check(&format!("{name}.f32 %d, %a0;"), &["f32"], "f32", &values, |[a, ..]| bits(host(f64::from(f(a))) as f32));
    }
}

#[test]
fn halves() {
    use half::{bf16, f16};
    let values: Vec<u64> = [0.0f32, 1.0, -1.5, 2.25, 1e-4, 6e-8, 65504.0, -0.1, 3.25, 100.5, 0.333]
        .iter()
        .map(|x| u64::from(f16::from_f32(*x).to_bits()) | u64::from(f16::from_f32(-x * 0.7).to_bits()) << 16)
        .collect();
    let h = |x: u64| f16::from_bits(x as u16).to_f64();
    let out = |x: f64| u64::from(f16::from_f64(x).to_bits());
    check("add.f16 %d, %a0, %a1;", &["b16", "b16"], "b16", &values, |[a, b, ..]| out(h(a) + h(b)));
    check("mul.f16 %d, %a0, %a1;", &["b16", "b16"], "b16", &values, |[a, b, ..]| out(h(a) * h(b)));
    check("fma.rn.f16x2 %d, %a0, %a1, %a2;", &["b32"; 3], "b32", &values, |[a, b, c, _]| {
        out(h(a) * h(b) + h(c)) | out(h(a >> 16) * h(b >> 16) + h(c >> 16)) << 16
    });
    check("cvt.f32.f16 %d, %a0;", &["b16"], "f32", &values, |[a, ..]| u64::from((h(a) as f32).to_bits()));
    let floats = float_edges();
    let finite: Vec<u64> = floats.into_iter().filter(|x| !f32::from_bits(*x as u32).is_nan()).collect();
    check("cvt.rn.f16.f32 %d, %a0;", &["f32"], "b16", &finite, |[a, ..]| {
        u64::from(f16::from_f32(f32::from_bits(a as u32)).to_bits())
    });
    check("cvt.rn.bf16.f32 %d, %a0;", &["f32"], "b16", &finite, |[a, ..]| {
        u64::from(bf16::from_f32(f32::from_bits(a as u32)).to_bits())
    });
}

#[test]
fn lanes_together() {
    let values = edges();
    let got = |text: &str| execute(text, &["b32"], "b32", &values);
    let a = |lane: usize| operand(&values, 0, lane) & 0xffff_ffff;
    let shuffled = |from: fn(usize) -> usize| (0..32).map(|lane| a(from(lane))).collect::<Vec<u64>>();
    assert_eq!(got("shfl.sync.bfly.b32 %d, %a0, 5, 31, -1;"), shuffled(|l| l ^ 5));
    assert_eq!(got("shfl.sync.down.b32 %d, %a0, 3, 31, -1;"), shuffled(|l| if l + 3 < 32 { l + 3 } else { l }));
    assert_eq!(got("shfl.sync.up.b32 %d, %a0, 3, 0, -1;"), shuffled(|l| if l >= 3 { l - 3 } else { l }));
    assert_eq!(got("shfl.sync.idx.b32 %d, %a0, 9, 31, -1;"), shuffled(|_| 9));
    // Segments of 8 lanes: the mask of the segment is in the upper half of the last operand but one.
    assert_eq!(got("shfl.sync.down.b32 %d, %a0, 2, 6175, -1;"), shuffled(|l| if l % 8 + 2 < 8 { l + 2 } else { l }));
    let odd = (0..32).filter(|l| a(*l) & 1 == 1).fold(0u64, |m, l| m | 1 << l);
    let text = "and.b32 %t, %a0, 1;\nsetp.eq.u32 %p, %t, 1;\nvote.sync.ballot.b32 %d, %p, -1;";
    assert_eq!(got(text), vec![odd; 32]);
    let sum = (0..32).fold(0u64, |s, l| (s + a(l)) & 0xffff_ffff);
    assert_eq!(got("redux.sync.add.s32 %d, %a0, -1;"), vec![sum; 32]);
    assert_eq!(got("redux.sync.max.u32 %d, %a0, -1;"), vec![(0..32).map(a).max().unwrap(); 32]);
    let equal = |l: usize| (0..32).filter(|m| a(*m) == a(l)).fold(0u64, |x, m| x | 1 << m);
    assert_eq!(got("match.any.sync.b32 %d, %a0, -1;"), (0..32).map(equal).collect::<Vec<_>>());
}

#[test]
fn an_unknown_instruction_is_named_with_its_line() {
    let ptx = ".version 9.0\n.target sm_90\n.address_size 64\n.file 1 \"candidate.cu\"\n.visible .entry k()\n{\n.reg .b32 %r<2>;\n.loc 1 42 1\nvadd.s32.s32.s32 %r0, %r1, %r1;\nret;\n}\n";
    let mut bench = Bench::new(ptx, "k", [1, 1, 1], [32, 1, 1]);
    let report = bench.run(Look::Faults);
    assert_eq!((report.faults[0].line, report.faults[0].kind), (42, kernsmith_simt::fault::FaultKind::Unsupported));
    assert!(report.faults[0].message.contains("vadd.s32"), "{}", report.faults[0].message);
}

/// A kernel in which lane l loads `words` words from x[l], executes `text`, and stores `results` words to y[l].
fn warp(text: &str, words: usize, results: usize, x: &[u32]) -> Vec<u32> {
    let mut body = String::from(
        ".shared .align 16 .b8 s[512];\n.reg .b32 %a<16>, %d<16>, %t, %u;\n.reg .f32 %f<16>;\n.reg .b64 %x, %y, %o, %p;\nmov.u32 %t, %tid.x;\nld.param.u64 %x, [k_param_0];\nld.param.u64 %y, [k_param_1];\n",
    );
    body.push_str(&format!("mul.wide.u32 %o, %t, {};\nadd.s64 %p, %x, %o;\n", 4 * words));
    (0..words).for_each(|n| body.push_str(&format!("ld.global.u32 %a{n}, [%p+{}];\n", 4 * n)));
    body.push_str(text);
    body.push_str(&format!("\nmul.wide.u32 %o, %t, {};\nadd.s64 %p, %y, %o;\n", 4 * results));
    (0..results).for_each(|n| body.push_str(&format!("st.global.u32 [%p+{}], %d{n};\n", 4 * n)));
    body.push_str("ret;\n");
    let ptx = format!(
        ".version 9.0\n.target sm_90\n.address_size 64\n.visible .entry k(\n.param .u64 k_param_0,\n.param .u64 k_param_1\n)\n{{\n{body}}}\n"
    );
    let mut bench = Bench::new(&ptx, "k", [1, 1, 1], [32, 1, 1]);
    let data: Vec<u8> = x.iter().flat_map(|w| w.to_le_bytes()).collect();
    bench.buffer("x", data.len() as u64, Right::Read, Content::Bytes(data));
    let y = bench.buffer("y", 128 * results as u64, Right::Write, Content::Uninitialised);
    let report = bench.run(Look::Faults);
    assert!(report.finished && report.faults.is_empty(), "{text}: {:?}", report.faults);
    bench.memory.buffer(y).data().chunks_exact(4).map(|b| u32::from_le_bytes(b.try_into().unwrap())).collect()
}

/// The layouts of the PTX manual's figures for m16n8k16: row and column of half `j` of register `i` of a lane.
#[test]
fn a_matrix_product_of_halves_has_the_documented_layout() {
    use half::f16;
    let a = |row: usize, col: usize| ((row * 16 + col) % 13) as f32 - 6.0;
    let b = |row: usize, col: usize| ((row * 8 + col) % 7) as f32 * 0.5 - 1.0;
    let c = |row: usize, col: usize| (row * 8 + col) as f32;
    let pair = |x: f32, y: f32| u32::from(f16::from_f32(x).to_bits()) | u32::from(f16::from_f32(y).to_bits()) << 16;
    let mut x = Vec::new();
    for lane in 0..32 {
        let (group, thread) = (lane / 4, lane % 4);
        for i in 0..4 {
            let (row, col) = (group + 8 * (i % 2), 2 * thread + 8 * (i / 2));
            x.push(pair(a(row, col), a(row, col + 1)));
        }
        for i in 0..2 {
            let row = 2 * thread + 8 * i;
            x.push(pair(b(row, group), b(row + 1, group)));
        }
        (0..4).for_each(|i| x.push(c(group + 8 * (i / 2), 2 * thread + i % 2).to_bits()));
    }
    let text = "mov.b32 %f0, %a6;\nmov.b32 %f1, %a7;\nmov.b32 %f2, %a8;\nmov.b32 %f3, %a9;\n\
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {%f4, %f5, %f6, %f7}, {%a0, %a1, %a2, %a3}, {%a4, %a5}, {%f0, %f1, %f2, %f3};\n\
        mov.b32 %d0, %f4;\nmov.b32 %d1, %f5;\nmov.b32 %d2, %f6;\nmov.b32 %d3, %f7;";
    let got = warp(text, 10, 4, &x);
    for lane in 0..32 {
        for i in 0..4 {
            let (row, col) = (lane / 4 + 8 * (i / 2), 2 * (lane % 4) + i % 2);
            let want = (0..16).fold(c(row, col), |sum, k| sum + a(row, k) * b(k, col));
            assert_eq!(f32::from_bits(got[lane * 4 + i]), want, "lane {lane}, register {i}");
        }
    }
}

#[test]
fn a_matrix_product_of_bytes_has_the_documented_layout() {
    let a = |row: usize, col: usize| ((row * 5 + col * 3) % 11) as i32 - 5;
    let b = |row: usize, col: usize| ((row * 7 + col) % 9) as i32 - 4;
    let four = |f: &dyn Fn(usize) -> i32| (0..4).fold(0u32, |w, j| w | u32::from(f(j) as u8) << (8 * j));
    let mut x = Vec::new();
    for lane in 0..32 {
        let (group, thread) = (lane / 4, lane % 4);
        (0..4).for_each(|i| x.push(four(&|j| a(group + 8 * (i % 2), 4 * thread + j + 16 * (i / 2)))));
        (0..2).for_each(|i| x.push(four(&|j| b(4 * thread + j + 16 * i, group))));
    }
    let text = "mov.u32 %u, 3;\nmma.sync.aligned.m16n8k32.row.col.s32.s8.s8.s32 {%d0, %d1, %d2, %d3}, {%a0, %a1, %a2, %a3}, {%a4, %a5}, {%u, %u, %u, %u};";
    let got = warp(text, 6, 4, &x);
    for lane in 0..32 {
        for i in 0..4 {
            let (row, col) = (lane / 4 + 8 * (i / 2), 2 * (lane % 4) + i % 2);
            let want = (0..32).fold(3, |sum, k| sum + a(row, k) * b(k, col));
            assert_eq!(got[lane * 4 + i] as i32, want, "lane {lane}, register {i}");
        }
    }
}

#[test]
fn matrices_of_halves_are_loaded_from_shared_memory() {
    // Lane l stores 16 bytes at 16 l: row l % 8 of matrix l / 8, with the number of its row and column in each half.
    let x: Vec<u32> = (0..32u32 * 4).map(|n| (2 * n) | (2 * n + 1) << 16).collect();
    let store = "shl.b32 %u, %t, 4;\nst.shared.v4.u32 [%u], {%a0, %a1, %a2, %a3};\nbar.warp.sync -1;\n";
    for (modifier, transposed) in [("", false), (".trans", true)] {
        let text = format!("{store}ldmatrix.sync.aligned.m8n8.x4{modifier}.shared.b16 {{%d0, %d1, %d2, %d3}}, [%u];");
        let got = warp(&text, 4, 4, &x);
        for lane in 0..32u32 {
            for matrix in 0..4u32 {
                let element = |row: u32, col: u32| matrix * 64 + row * 8 + col;
                let (row, col) = (lane / 4, 2 * (lane % 4));
                let (low, high) = if transposed {
                    (element(col, row), element(col + 1, row))
                } else {
                    (element(row, col), element(row, col + 1))
                };
                assert_eq!(
                    got[(lane * 4 + matrix) as usize],
                    low | high << 16,
                    "lane {lane}, matrix {matrix}{modifier}"
                );
            }
        }
    }
}

#[test]
fn atomics_on_shared_memory() {
    type Host = fn(u32, u32) -> u32;
    let forms: [(&str, Host); 12] = [
        ("add.u32", u32::wrapping_add),
        ("min.s32", |a, b| (a as i32).min(b as i32) as u32),
        ("max.s32", |a, b| (a as i32).max(b as i32) as u32),
        ("min.u32", u32::min),
        ("max.u32", u32::max),
        ("and.b32", |a, b| a & b),
        ("or.b32", |a, b| a | b),
        ("xor.b32", |a, b| a ^ b),
        ("exch.b32", |_, b| b),
        ("inc.u32", |a, b| if a >= b { 0 } else { a + 1 }),
        ("dec.u32", |a, b| if a == 0 || a > b { b } else { a - 1 }),
        ("add.f32", |a, b| (f32::from_bits(a) + f32::from_bits(b)).to_bits()),
    ];
    for (form, host) in forms {
        let x: Vec<u32> = edges().iter().flat_map(|v| [*v as u32, (*v >> 7) as u32 ^ 0x55]).collect();
        // Each lane has a word of its own, then all lanes meet at one.
        let text = format!(
            "shl.b32 %u, %t, 2;\nst.shared.u32 [%u], %a0;\natom.shared.{form} %d0, [%u], %a1;\nld.shared.u32 %d1, [%u];"
        );
        let got = warp(&text, 2, 2, &x);
        for lane in 0..32 {
            let (a, b) = (x[2 * lane], x[2 * lane + 1]);
            let same =
                |got: u32, want: u32| got == want || f32::from_bits(got).is_nan() && f32::from_bits(want).is_nan();
            assert_eq!(got[2 * lane], a, "{form}: the old value");
            assert!(same(got[2 * lane + 1], host(a, b)), "{form} of {a:x}, {b:x}: {:x}", got[2 * lane + 1]);
        }
    }
    let ones = vec![1u32; 32];
    let text = "mov.u32 %u, 0;\nmov.u32 %a1, 7;\nst.shared.u32 [%u], %a1;\nbar.warp.sync -1;\natom.shared.add.u32 %d0, [%u], %a0;\nld.shared.u32 %d1, [%u];";
    let got = warp(text, 1, 2, &ones);
    assert_eq!(got, (0..32).flat_map(|lane| [7 + lane, 39]).collect::<Vec<u32>>());
}
