//! Random CUDA kernels, compiled by NVRTC and run on the simulated GPU, against the same text compiled by g++ for the host.
//!
//! Every kernel has one defined result, so the buffers must agree bit for bit, and the detectors must find nothing. Two variables
//! widen the search: `KERNSMITH_FUZZ_SEED` (default 1) and `KERNSMITH_FUZZ_KERNELS` (default 40). A seed is that of a batch of 40
//! kernels; the next batch has the next one.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test's helpers may panic")]

mod support;

use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, PoisonError};

use kernsmith::gpu::nvrtc::{self, Request};
use kernsmith::sandbox::Runner;
use kernsmith_simt::device::Device;
use kernsmith_simt::exec::{self, Arg, Blocks, Launch, Options, Order};
use kernsmith_simt::memory::{Content, Memory, Right};
use kernsmith_simt::program::Program;
use support::{binary, needs, needs_nvrtc};

const PRELUDE: &str = include_str!("cuda_fuzz/prelude.h");
/// Kernels of one translation unit.
const BATCH: usize = 40;
const BLOCKS: u32 = 2;
const BLOCK: u32 = 48;
const THREADS: usize = (BLOCKS * BLOCK) as usize;
/// Elements of every input, and elements of every output that a thread has for itself.
const INPUTS: usize = 64;
const SLOTS: usize = 8;
/// Elements that all threads change by atomics; element `k` knows one operation only, which commutes.
const ATOMICS: [&str; 6] = ["atomicAdd", "atomicXor", "atomicOr", "atomicAnd", "atomicMax", "atomicMin"];
/// Name and bytes an element of what a kernel writes.
const OUTPUTS: [(&str, usize, usize); 5] = [
    ("out", 4, THREADS * SLOTS),
    ("outb", 1, THREADS * SLOTS),
    ("outs", 2, THREADS * SLOTS),
    ("outl", 8, THREADS * SLOTS),
    ("acc", 4, ATOMICS.len()),
];
const ACC_START: u32 = 0x5a5a_a5a5;

/// SplitMix64.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, n: usize) -> usize {
        (self.next() % n as u64) as usize
    }

    fn pick<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.below(of.len())]
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Type {
    Int { name: &'static str, bits: u32, signed: bool },
    F32,
    F64,
}

const fn int(name: &'static str, bits: u32, signed: bool) -> Type {
    Type::Int { name, bits, signed }
}

const I32: Type = int("i32", 32, true);
const U32: Type = int("u32", 32, false);
const I64: Type = int("i64", 64, true);
const U64: Type = int("u64", 64, false);
const INTEGERS: [Type; 8] =
    [I32, U32, I64, U64, int("i8", 8, true), int("u8", 8, false), int("i16", 16, true), int("u16", 16, false)];

impl Type {
    fn name(self) -> &'static str {
        match self {
            Self::Int { name, .. } => name,
            Self::F32 => "f32",
            Self::F64 => "f64",
        }
    }
}

/// Functions of integers, with their arguments.
const INTRINSICS: [(&str, &[Type]); 49] = [
    ("__popc", &[U32]),
    ("__popcll", &[U64]),
    ("__clz", &[I32]),
    ("__clzll", &[I64]),
    ("__ffs", &[I32]),
    ("__brev", &[U32]),
    ("__brevll", &[U64]),
    ("__umulhi", &[U32, U32]),
    ("__mulhi", &[I32, I32]),
    ("__umul64hi", &[U64, U64]),
    ("__mul64hi", &[I64, I64]),
    ("__funnelshift_l", &[U32, U32, U32]),
    ("__funnelshift_r", &[U32, U32, U32]),
    ("__byte_perm", &[U32, U32, U32]),
    ("__dp4a", &[I32, I32, I32]),
    ("bfe_u32", &[U32, U32, U32]),
    ("bfe_s32", &[I32, U32, U32]),
    ("bfe_u64", &[U64, U32, U32]),
    ("bfe_s64", &[I64, U32, U32]),
    ("bfi_b32", &[U32, U32, U32, U32]),
    ("bfi_b64", &[U64, U64, U32, U32]),
    ("lop3_majority", &[U32, U32, U32]),
    ("lop3_choice", &[U32, U32, U32]),
    ("add_sat", &[I32, I32]),
    ("sub_sat", &[I32, I32]),
    ("sat_s8", &[I32]),
    ("sat_u8", &[I32]),
    ("sat_s16", &[I64]),
    ("sat_u32", &[I64]),
    ("prmt_sign", &[U32, U32, U32]),
    ("prmt_f4e", &[U32, U32, U32]),
    ("prmt_b4e", &[U32, U32, U32]),
    ("prmt_rc8", &[U32, U32, U32]),
    ("prmt_ecl", &[U32, U32, U32]),
    ("prmt_ecr", &[U32, U32, U32]),
    ("prmt_rc16", &[U32, U32, U32]),
    ("shl_clamp", &[U32, U32]),
    ("shr_clamp", &[I32, U32]),
    ("shr_clamp64", &[U64, U32]),
    ("shf_l_clamp", &[U32, U32, U32]),
    ("shf_r_clamp", &[U32, U32, U32]),
    ("bfind_u32", &[U32]),
    ("bfind_s32", &[I32]),
    ("bfind_u64", &[U64]),
    ("sad_u32", &[U32, U32, U32]),
    ("sad_s32", &[I32, I32, U32]),
    ("mad_hi_u32", &[U32, U32, U32]),
    ("mad_wide_s32", &[I32, I32, I64]),
    ("mul24_s32", &[I32, I32]),
];

/// Conversions, with what they take.
const CONVERSIONS: [(&str, &[Type]); 14] = [
    ("bits", &[Type::F32]),
    ("__float2int_rz", &[Type::F32]),
    ("__float2int_rn", &[Type::F32]),
    ("__float2int_ru", &[Type::F32]),
    ("__float2int_rd", &[Type::F32]),
    ("__float2uint_rz", &[Type::F32]),
    ("__float2uint_rn", &[Type::F32]),
    ("__float2ll_rz", &[Type::F32]),
    ("__float2ull_rz", &[Type::F32]),
    ("bits64", &[Type::F64]),
    ("__double2ll_rz", &[Type::F64]),
    ("__double2int_rz", &[Type::F64]),
    ("(i8)(u64)", &[I64]),
    ("(i16)(u64)", &[I64]),
];

/// Writes one kernel.
struct Writer<'a> {
    random: &'a mut Random,
    text: String,
    /// Variables in scope, and whether statements may assign to them.
    variables: Vec<(String, Type, bool)>,
    /// Local arrays in scope, with their length, a power of two.
    arrays: Vec<(String, Type, usize)>,
    /// Device functions `T helper(T, u32)`.
    helpers: Vec<(String, Type)>,
    names: usize,
    depth: usize,
    loops: usize,
    /// Not in a device function: buffers and threads are there.
    in_kernel: bool,
}

impl Writer<'_> {
    fn name(&mut self) -> String {
        self.names += 1;
        format!("v{}", self.names)
    }

    fn line(&mut self, line: &str) {
        let indent = "    ".repeat(self.depth + 1);
        writeln!(self.text, "{indent}{line}").unwrap();
    }

    fn any_type(&mut self) -> Type {
        match self.random.below(12) {
            0 | 1 => Type::F32,
            2 => Type::F64,
            3..7 => self.random.pick(&INTEGERS[..4]),
            _ => self.random.pick(&INTEGERS),
        }
    }

    fn literal(&mut self, ty: Type) -> String {
        match ty {
            Type::F32 => {
                let bits = self.random.next() as u32;
                let rare = format!("__uint_as_float(0x{bits:x}u)");
                let plain = ["0.0f", "-0.0f", "1.0f", "-1.5f", "3.25f", "16777216.0f", "1e-40f", "1e30f", "0.1f"];
                if self.random.below(4) == 0 { rare } else { self.random.pick(&plain).into() }
            }
            Type::F64 => self.random.pick(&["0.0", "1.0", "-2.5", "1e-310", "1e300", "0.1", "4294967296.5"]).into(),
            Type::Int { name, .. } => {
                let value = match self.random.below(4) {
                    0 => self.random.next(),
                    1 => 1u64.rotate_left(self.random.below(64) as u32).wrapping_sub(self.random.below(2) as u64),
                    _ => (self.random.below(40) as u64).wrapping_sub(8),
                };
                format!("(({name})0x{value:x}ull)")
            }
        }
    }

    fn variable(&mut self, ty: Type) -> Option<String> {
        let fit: Vec<&String> = self.variables.iter().filter(|v| v.1 == ty).map(|v| &v.0).collect();
        (!fit.is_empty()).then(|| fit[self.random.below(fit.len())].clone())
    }

    fn index(&mut self, depth: usize, length: usize) -> String {
        let of = self.random.pick(&[I32, U32, U32, I64]);
        let e = self.expression(of, depth);
        format!("(u32){e} & {}", length - 1)
    }

    fn load(&mut self, ty: Type, depth: usize) -> Option<String> {
        let fit: Vec<(String, usize)> = self.arrays.iter().filter(|a| a.1 == ty).map(|a| (a.0.clone(), a.2)).collect();
        if !fit.is_empty() && self.random.below(2) == 0 {
            let (array, length) = fit[self.random.below(fit.len())].clone();
            let at = self.index(depth, length);
            return Some(format!("{array}[{at}]"));
        }
        if !self.in_kernel {
            return None;
        }
        let own = self.random.below(3) == 0;
        let (buffer, length) = match (ty, own) {
            (Type::F32, _) => ("inf", INPUTS),
            (Type::Int { name: "u32", .. }, false) => ("in", INPUTS),
            (Type::Int { name: "u8", .. }, false) => ("inb", INPUTS),
            (Type::Int { name: "i64", .. }, false) => ("inl", INPUTS),
            (Type::Int { name: "u32", .. }, true) => ("out", SLOTS),
            (Type::Int { name: "u8", .. }, true) => ("outb", SLOTS),
            (Type::Int { name: "i64", .. }, true) => ("outl", SLOTS),
            (Type::Int { name: "i16", .. }, _) => ("outs", SLOTS),
            _ => return None,
        };
        let at = self.index(depth, length);
        Some(format!("{buffer}[{at}]"))
    }

    fn leaf(&mut self, ty: Type) -> String {
        let choice = self.random.below(10);
        if choice < 5
            && let Some(v) = self.variable(ty)
        {
            return v;
        }
        if choice < 7
            && let Type::Int { name, .. } = ty
        {
            let of = self.random.pick(&INTEGERS);
            if let Some(v) = self.variable(of) {
                return format!("(({name}){v})");
            }
        }
        if choice == 7
            && let Some(v) = self.load(ty, 0)
        {
            return v;
        }
        if choice == 8 && self.in_kernel {
            let word = self.random.pick(&["threadIdx.x", "tid", "blockIdx.x", "n", "c", "m"]);
            return format!("(({}){word})", ty.name());
        }
        self.literal(ty)
    }

    fn condition(&mut self, depth: usize) -> String {
        if depth > 0 && self.random.below(5) == 0 {
            let (a, b) = (self.condition(depth - 1), self.condition(depth - 1));
            return format!("({a} {} {b})", self.random.pick(&["&&", "||", "!="]));
        }
        let ty = self.any_type();
        let (a, b) = (self.expression(ty, depth), self.expression(ty, depth));
        format!("({a} {} {b})", self.random.pick(&["<", "<=", ">", ">=", "==", "!="]))
    }

    fn expression(&mut self, ty: Type, depth: usize) -> String {
        if depth == 0 || self.random.below(6) == 0 {
            return self.leaf(ty);
        }
        let d = depth - 1;
        match self.random.below(10) {
            0 => {
                let (test, a, b) = (self.condition(d), self.expression(ty, d), self.expression(ty, d));
                return format!("({test} ? {a} : {b})");
            }
            1 => {
                if let Some(loaded) = self.load(ty, d) {
                    return loaded;
                }
            }
            2 => {
                let fit: Vec<String> = self.helpers.iter().filter(|h| h.1 == ty).map(|h| h.0.clone()).collect();
                if !fit.is_empty() {
                    let helper = fit[self.random.below(fit.len())].clone();
                    let (a, b) = (self.expression(ty, d), self.expression(U32, d));
                    return format!("{helper}({a}, {b})");
                }
            }
            _ => {}
        }
        match ty {
            Type::F32 => self.single(d),
            Type::F64 => self.double(d),
            Type::Int { name, bits, signed } => self.integer(name, bits, signed, d),
        }
    }

    fn single(&mut self, d: usize) -> String {
        let (a, b) = (self.expression(Type::F32, d), self.expression(Type::F32, d));
        let mode = self.random.pick(&["rz", "ru", "rd"]);
        match self.random.below(17) {
            14 => format!("{}_{mode}({a}, {b})", self.random.pick(&["__fadd", "__fmul"])),
            // The manual leaves open which zero comes of -0, so there is none.
            15 => format!("__saturatef(__fadd_rn({a}, 0.0f))"),
            16 => match self.random.below(3) {
                0 => format!("__double2float_{mode}({})", self.expression(Type::F64, d)),
                1 => format!("__int2float_{mode}({})", self.expression(I32, d)),
                _ => format!("__ll2float_{mode}({})", self.expression(I64, d)),
            },
            0 | 1 => format!("__fadd_rn({a}, {b})"),
            2 => format!("__fsub_rn({a}, {b})"),
            3 | 4 => format!("__fmul_rn({a}, {b})"),
            5 => format!("__fmaf_rn({a}, {b}, {})", self.expression(Type::F32, d)),
            6 => format!("__fdiv_rn({a}, {b})"),
            7 => format!("__fsqrt_rn({a})"),
            8 => format!("{}({a}, {b})", self.random.pick(&["smaller", "larger"])),
            9 => format!("{}({a})", self.random.pick(&["fabsf", "floorf", "ceilf", "truncf", "rintf"])),
            10 => format!("(-({a}))"),
            11 => format!("__uint_as_float({})", self.expression(U32, d)),
            12 => format!("__double2float_rn({})", self.expression(Type::F64, d)),
            _ => {
                let of = self.random.pick(&INTEGERS);
                format!("((f32){})", self.expression(of, d))
            }
        }
    }

    fn double(&mut self, d: usize) -> String {
        let (a, b) = (self.expression(Type::F64, d), self.expression(Type::F64, d));
        let mode = self.random.pick(&["rz", "ru", "rd"]);
        match self.random.below(9) {
            8 => format!("__ll2double_{mode}({})", self.expression(I64, d)),
            0 => format!("__dadd_rn({a}, {b})"),
            1 => format!("__dsub_rn({a}, {b})"),
            2 => format!("__dmul_rn({a}, {b})"),
            3 => format!("__ddiv_rn({a}, {b})"),
            4 => format!("__fma_rn({a}, {b}, {})", self.expression(Type::F64, d)),
            5 => format!("((f64){})", self.expression(Type::F32, d)),
            _ => {
                let of = self.random.pick(&INTEGERS);
                format!("((f64){})", self.expression(of, d))
            }
        }
    }

    fn integer(&mut self, name: &'static str, bits: u32, signed: bool, d: usize) -> String {
        let ty = int(name, bits, signed);
        // Unsigned arithmetic wraps, and narrower types would be widened to a signed one.
        let wide = if bits == 64 { "u64" } else { "u32" };
        let wide_bits = bits.max(32);
        match self.random.below(20) {
            0..6 => {
                let (a, b) = (self.expression(ty, d), self.expression(ty, d));
                let op = self.random.pick(&["+", "-", "*", "&", "|", "^", "+", "*"]);
                format!("(({name})(({wide}){a} {op} ({wide}){b}))")
            }
            6 => {
                let (a, s) = (self.expression(ty, d), self.expression(U32, d));
                format!("(({name})(({wide}){a} << ({s} & {})))", wide_bits - 1)
            }
            7 => {
                let (a, s) = (self.expression(ty, d), self.expression(U32, d));
                format!("(({name})({a} >> ({s} & {})))", bits - 1)
            }
            8 => {
                let a = self.expression(ty, d);
                let constant = [3, 5, 7, 8, 10, 13, 64, 100][self.random.below(8)];
                format!("(({name})({a} {} {constant}))", self.random.pick(&["/", "%"]))
            }
            9 => {
                let (a, b) = (self.expression(ty, d), self.expression(ty, d));
                format!("{}<{name}>({a}, {b})", self.random.pick(&["quotient", "remainder_of"]))
            }
            10 => format!("(({name})~{})", self.expression(ty, d)),
            11 => format!("(({name})(0 - ({wide}){}))", self.expression(ty, d)),
            12 => format!("(({name}){})", self.condition(d)),
            13..16 => {
                let of = self.random.pick(&INTEGERS);
                format!("(({name}){})", self.expression(of, d))
            }
            16 => {
                let (a, b) = (self.leaf(ty), self.leaf(ty));
                format!("({a} {} {b} ? {a} : {b})", self.random.pick(&["<", ">"]))
            }
            17 => {
                let conversion = self.random.pick(&[
                    "bits",
                    "__float2int_rz",
                    "__float2int_rn",
                    "__float2int_ru",
                    "__float2int_rd",
                    "__float2uint_rz",
                    "__float2uint_rn",
                    "__float2ll_rz",
                    "__float2ull_rz",
                ]);
                format!("(({name}){conversion}({}))", self.expression(Type::F32, d))
            }
            18 if self.random.below(2) == 0 => {
                let conversion = self.random.pick(&["bits64", "__double2ll_rz", "__double2int_rz"]);
                format!("(({name}){conversion}({}))", self.expression(Type::F64, d))
            }
            _ => format!("(({name}){})", self.intrinsic(d)),
        }
    }

    fn intrinsic(&mut self, d: usize) -> String {
        let (function, arguments): (&str, &[Type]) = self.random.pick(&INTRINSICS);
        let mut given: Vec<String> = arguments.iter().map(|ty| self.expression(*ty, d)).collect();
        if function == "__byte_perm" {
            // Bit 3 of a selector copies the sign in PTX, which the function of CUDA does not promise.
            given[2] = format!("({} & 0x7777u)", given[2]);
        }
        if function.starts_with("bf") || function.contains("_clamp") {
            // Lengths and distances about the size of a word tell more than others.
            let last = given.len() - 1;
            given[last] = format!("({} & 127)", given[last]);
        }
        format!("{function}({})", given.join(", "))
    }

    fn declare(&mut self) {
        let ty = self.any_type();
        let (value, name) = (self.expression(ty, 3), self.name());
        self.line(&format!("{} {name} = {value};", ty.name()));
        self.variables.push((name, ty, true));
    }

    /// A block in braces, after `head`.
    fn block(&mut self, head: &str, statements: usize) {
        self.line(&format!("{head} {{"));
        let (variables, arrays) = (self.variables.len(), self.arrays.len());
        self.depth += 1;
        for _ in 0..statements {
            self.statement();
        }
        self.depth -= 1;
        self.variables.truncate(variables);
        self.arrays.truncate(arrays);
        self.line("}");
    }

    fn statement(&mut self) {
        let nests = self.depth < 4;
        match self.random.below(22) {
            0..3 => self.declare(),
            3..9 => self.assign(),
            9 | 10 if nests => {
                let (test, then) = (self.condition(2), 1 + self.random.below(3));
                self.block(&format!("if {test}"), then);
                if self.random.below(2) == 0 {
                    let other = 1 + self.random.below(3);
                    self.block("else", other);
                }
            }
            11 | 12 if nests && self.loops < 3 => self.repeat(),
            13 if nests => self.switch(),
            14 => self.array(),
            15 | 16 => self.array_store(),
            17 | 18 if self.in_kernel => self.store(),
            19 if self.in_kernel => {
                let (k, value) = (self.random.below(ATOMICS.len()), self.expression(U32, 2));
                self.line(&format!("{}(&acc[{k}], {value});", ATOMICS[k]));
            }
            20 if self.loops > 0 => {
                let (test, word) = (self.condition(1), self.random.pick(&["break", "continue"]));
                self.line(&format!("if {test} {word};"));
            }
            21 if self.in_kernel && self.depth > 0 && self.random.below(4) == 0 => {
                let test = self.condition(1);
                self.line(&format!("if {test} return;"));
            }
            _ => self.assign(),
        }
    }

    fn assign(&mut self) {
        let fit: Vec<(String, Type)> = self.variables.iter().filter(|v| v.2).map(|v| (v.0.clone(), v.1)).collect();
        if fit.is_empty() {
            return self.declare();
        }
        let (name, ty) = fit[self.random.below(fit.len())].clone();
        let value = self.expression(ty, 3);
        match ty {
            Type::Int { bits, .. } if self.random.below(3) == 0 => {
                let wide = if bits == 64 { "u64" } else { "u32" };
                let op = self.random.pick(&["+", "^", "-", "*"]);
                self.line(&format!("{name} = ({})(({wide}){name} {op} ({wide}){value});", ty.name()));
            }
            _ => self.line(&format!("{name} = {value};")),
        }
    }

    fn repeat(&mut self) {
        let (bound, counter, statements) = (self.expression(U32, 2), self.name(), 1 + self.random.below(3));
        let end = self.name();
        let most = if self.loops == 0 { self.random.pick(&[1, 3, 7]) } else { self.random.pick(&[1, 3]) };
        let unroll = self.random.below(4);
        self.line(&format!("const i32 {end} = (i32)({bound} & {most}) + 1;"));
        self.loops += 1;
        match unroll {
            0 => {
                // The counter steps before the body, so that `continue` moves on.
                let stop = self.condition(1);
                self.line(&format!("for (i32 {counter} = 0; {counter} < {end} && !{stop};) {{"));
                self.depth += 1;
                self.line(&format!("{counter}++;"));
                self.depth -= 1;
                self.variables.push((counter, I32, false));
                self.block("", statements);
                self.variables.pop();
                self.line("}");
            }
            _ => {
                if unroll == 1 {
                    self.text.push_str("#ifdef __CUDACC_RTC__\n#pragma unroll 4\n#endif\n");
                }
                self.variables.push((counter.clone(), I32, false));
                self.block(&format!("for (i32 {counter} = 0; {counter} < {end}; {counter}++)"), statements);
                self.variables.pop();
            }
        }
        self.loops -= 1;
        self.variables.push((end, I32, false));
    }

    fn switch(&mut self) {
        let (of, cases) = (self.expression(U32, 2), 3 + self.random.below(5));
        self.line(&format!("switch ({of} % {}u) {{", cases + 1));
        // Break and continue in here would mean something else.
        let loops = std::mem::replace(&mut self.loops, 0);
        for case in 0..cases {
            let statements = 1 + self.random.below(2);
            // Loops in here count from none, so their depth is bounded by that of the text.
            self.block(&format!("case {case}:"), statements);
            if self.random.below(3) > 0 {
                self.line("break;");
            }
        }
        self.block("default:", 1);
        self.loops = loops;
        self.line("}");
    }

    fn array(&mut self) {
        let (ty, name, i) = (self.any_type(), self.name(), self.name());
        let length = self.random.pick(&[4, 8, 16]);
        // Threads keep to their own row of shared memory.
        if self.in_kernel && self.depth == 0 && self.random.below(3) == 0 {
            self.line(&format!("__shared__ {} {name}_all[{BLOCK}][{length}];", ty.name()));
            self.line(&format!("{} *{name} = {name}_all[threadIdx.x];", ty.name()));
        } else {
            self.line(&format!("{} {name}[{length}];", ty.name()));
        }
        self.variables.push((i.clone(), I32, false));
        let value = self.expression(ty, 2);
        self.variables.pop();
        self.line(&format!("for (i32 {i} = 0; {i} < {length}; {i}++) {name}[{i}] = {value};"));
        self.arrays.push((name, ty, length));
    }

    fn array_store(&mut self) {
        if self.arrays.is_empty() {
            return self.array();
        }
        let which = self.random.below(self.arrays.len());
        let (name, ty, length) = self.arrays[which].clone();
        let (at, value) = (self.index(2, length), self.expression(ty, 3));
        self.line(&format!("{name}[{at}] = {value};"));
    }

    fn store(&mut self) {
        let (buffer, ty) =
            self.random.pick(&[("out", U32), ("outb", INTEGERS[5]), ("outs", INTEGERS[6]), ("outl", I64)]);
        let (at, value) = (self.index(2, SLOTS), self.expression(ty, 3));
        self.line(&format!("{buffer}[{at}] = {value};"));
    }

    /// Adds all variables in scope to one value.
    fn fold(&mut self, into: &str) {
        for (name, ty, _) in self.variables.clone() {
            let value = match ty {
                Type::F32 => format!("bits({name})"),
                Type::F64 => format!("bits64({name})"),
                Type::Int { .. } => format!("(u64){name}"),
            };
            self.line(&format!("{into} = {into} * 31 + {value};"));
        }
    }
}

/// The text of kernel `name`, with its device functions.
fn kernel(random: &mut Random, name: &str) -> String {
    let mut w = Writer {
        random,
        text: String::new(),
        variables: Vec::new(),
        arrays: Vec::new(),
        helpers: Vec::new(),
        names: 0,
        depth: 0,
        loops: 0,
        in_kernel: false,
    };
    let mut helpers = Vec::new();
    for number in 0..w.random.below(3) {
        let (ty, helper) = (w.any_type(), format!("{name}_helper{number}"));
        let inline = w.random.pick(&["__noinline__ ", ""]);
        writeln!(w.text, "__device__ {inline}{0} {helper}({0} a, u32 b) {{", ty.name()).unwrap();
        w.variables = vec![("a".into(), ty, true), ("b".into(), U32, true)];
        for _ in 0..1 + w.random.below(4) {
            w.statement();
        }
        let value = w.expression(ty, 2);
        w.line(&format!("return {value};"));
        w.text.push_str("}\n");
        w.variables.clear();
        w.arrays.clear();
        helpers.push((helper, ty));
    }
    w.helpers = helpers;
    w.in_kernel = true;
    writeln!(w.text, "extern \"C\" __global__ void {name}(ARGUMENTS) {{").unwrap();
    w.line("const i32 tid = (i32)(blockIdx.x * blockDim.x + threadIdx.x);");
    for buffer in ["out", "outb", "outs", "outl"] {
        w.line(&format!("{buffer} += tid * {SLOTS};"));
    }
    w.variables.push(("f".into(), Type::F32, true));
    w.declare();
    for _ in 0..6 + w.random.below(10) {
        w.statement();
    }
    w.line("u64 sum = 0;");
    w.fold("sum");
    w.line(&format!("outl[{}] = (i64)((u64)outl[{}] ^ sum);", SLOTS - 1, SLOTS - 1));
    w.text.push_str("}\n");
    w.text
}

/// The text of kernel `name`, which does nothing but call `function` with numbers from memory.
fn call(name: &str, function: &str, arguments: &[Type]) -> String {
    let mut text = format!("extern \"C\" __global__ void {name}(ARGUMENTS) {{\n");
    text.push_str("    const u32 tid = blockIdx.x * blockDim.x + threadIdx.x;\n");
    for slot in 0..SLOTS {
        let given = arguments.iter().enumerate().map(|(k, ty)| {
            let at = format!("(tid * {} + {}) & {}", 2 * k + 1, slot * (k + 3), INPUTS - 1);
            match ty {
                Type::F32 | Type::F64 => format!("inf[{at}]"),
                Type::Int { bits: 64, name, .. } => format!("({name})inl[{at}]"),
                Type::Int { name, .. } => format!("({name})in[{at}]"),
            }
        });
        let given = given.collect::<Vec<_>>().join(", ");
        writeln!(text, "    outl[tid * {SLOTS} + {slot}] = (i64){function}({given});").unwrap();
    }
    text.push_str("}\n");
    text
}

/// What the kernels read: name and bytes.
fn inputs(random: &mut Random) -> [(&'static str, Vec<u8>); 4] {
    let mut words = |bytes: usize| -> Vec<u8> {
        let edges = [0, 1, u64::MAX, 1 << 63, 1 << 31, (1 << 31) - 1, 0x8000_0000_7fff_ffff, 255, 1 << 15];
        let word = |random: &mut Random| if random.below(2) == 0 { random.pick(&edges) } else { random.next() };
        (0..INPUTS).flat_map(|_| word(random).to_le_bytes()[..bytes].to_vec()).collect()
    };
    let (in_, inb, inl) = (words(4), words(1), words(8));
    let edges = [0.0, -0.0, 1.0, -1.0, 0.5, 1.5, 1e-45, 3e38, f32::INFINITY, f32::NEG_INFINITY, f32::NAN, 2147483648.0];
    let inf = (0..INPUTS).flat_map(|_| {
        let number = (random.next() as i32 as f32) / 65536.0;
        let bits = f32::from_bits(random.next() as u32);
        let edge = random.pick(&edges);
        random.pick(&[number, number, bits, edge]).to_le_bytes()
    });
    let inf = inf.collect();
    [("in", in_), ("inb", inb), ("inf", inf), ("inl", inl)]
}

/// The scalar arguments, as the host's program and the launch write them.
const SCALARS: (i64, i64, f64, i64) = (7, 201, 2.5, -5_000_000_019);

/// What the text gives on the host: per kernel the outputs, one after another.
fn on_the_host(dir: &Path, text: &str, kernels: usize, inputs: &[(&str, Vec<u8>); 4]) -> Vec<u8> {
    let mut source = text.to_string();
    for (name, bytes) in inputs {
        let list: Vec<String> = bytes.iter().map(u8::to_string).collect();
        writeln!(source, "alignas(16) static const u8 data_{name}[] = {{{}}};", list.join(",")).unwrap();
    }
    let [out, outb, outs, outl, acc] = OUTPUTS.map(|(_, _, elements)| elements);
    write!(
        source,
        "static u32 out[{out}]; static u8 outb[{outb}]; static i16 outs[{outs}]; static i64 outl[{outl}]; static u32 acc[{acc}];\n\
         static void run(void (*kernel)(ARGUMENTS)) {{\n\
         memset(out, 0, sizeof out); memset(outb, 0, sizeof outb); memset(outs, 0, sizeof outs); memset(outl, 0, sizeof outl);\n\
         for (u32 &a : acc) a = {ACC_START}u;\n\
         blockDim.x = {BLOCK};\n\
         for (blockIdx.x = 0; blockIdx.x < {BLOCKS}; blockIdx.x++)\n\
         for (threadIdx.x = 0; threadIdx.x < {BLOCK}; threadIdx.x++)\n\
         kernel((const u32 *)data_in, data_inb, (const f32 *)data_inf, (const i64 *)data_inl, out, outb, outs, outl, acc, {}, {}, {}f, {}ll);\n\
         fwrite(out, 1, sizeof out, stdout); fwrite(outb, 1, sizeof outb, stdout); fwrite(outs, 1, sizeof outs, stdout);\n\
         fwrite(outl, 1, sizeof outl, stdout); fwrite(acc, 1, sizeof acc, stdout);\n}}\nint main() {{\n",
        SCALARS.0, SCALARS.1, SCALARS.2, SCALARS.3
    )
    .unwrap();
    for number in 0..kernels {
        writeln!(source, "run(k{number});").unwrap();
    }
    source.push_str("}\n");
    let (file, program) = (dir.join("host.cpp"), dir.join("host"));
    std::fs::write(&file, source).unwrap();
    let built = Command::new("g++")
        .args(["-std=c++17", "-O1", "-w", "-ffp-contract=off", "-frounding-math", "-fno-strict-aliasing", "-o"])
        .args([&program, &file])
        .output()
        .unwrap();
    assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
    let ran = Command::new(program).output().unwrap();
    assert!(ran.status.success(), "the host's program: {}", ran.status);
    ran.stdout
}

/// The same on the simulated GPU, for one kernel. A fault is an error.
fn on_the_gpu(
    program: &Program,
    kernel: &str,
    inputs: &[(&str, Vec<u8>); 4],
    detect: bool,
    order: Order,
) -> Result<Vec<u8>, String> {
    let mut memory = Memory::new();
    let mut args = Vec::new();
    for (name, bytes) in inputs {
        args.push(memory.allocate(name, bytes.len() as u64, Right::Read, Content::Bytes(bytes.clone())));
    }
    for (name, bytes, elements) in OUTPUTS {
        let start = if name == "acc" { ACC_START.to_le_bytes().repeat(elements) } else { vec![0; bytes * elements] };
        args.push(memory.allocate(name, start.len() as u64, Right::Write, Content::Bytes(start)));
    }
    let outputs = args[inputs.len()..].to_vec();
    let mut args: Vec<Arg> = args.into_iter().map(Arg::Buffer).collect();
    let (n, c, f, m) = SCALARS;
    args.extend([Arg::Integer(n), Arg::Integer(c), Arg::Float(f), Arg::Integer(m)]);
    let first = exec::load_variables(program, &mut memory);
    let launch = Launch { kernel: kernel.into(), grid: [BLOCKS, 1, 1], block: [BLOCK, 1, 1], dynamic_shared: 0, args };
    let device = Device::by_id("h100").unwrap();
    let mut options = Options {
        order,
        blocks: Blocks::All,
        detect,
        caches: None,
        trace_blocks: 0,
        latencies: device.latency,
        sms: 132,
        resident: 264,
        max_shared: 227 << 10,
        fuel: 1 << 26,
        deadline: None,
    };
    let report = exec::launch(program, &mut memory, first, &launch, &mut options);
    if !report.finished || !report.faults.is_empty() {
        return Err(format!("faults: {:#?}", report.faults));
    }
    Ok(outputs.iter().flat_map(|number| memory.buffer(*number).data().to_vec()).collect())
}

/// The first place where two lists of outputs differ, in words.
fn difference(expected: &[u8], got: &[u8]) -> Option<String> {
    let at = expected.iter().zip(got).position(|(a, b)| a != b)?;
    let mut start = 0;
    for (name, bytes, elements) in OUTPUTS {
        let end = start + bytes * elements;
        if at < end {
            let element = (at - start) / bytes;
            let place = start + element * bytes..start + (element + 1) * bytes;
            let (thread, slot) = (element / SLOTS, element % SLOTS);
            let hex = |list: &[u8]| list.iter().rev().map(|b| format!("{b:02x}")).collect::<String>();
            let (expected, got) = (hex(&expected[place.clone()]), hex(&got[place]));
            return Some(format!("{name}[{element}] (thread {thread}, slot {slot}): host {expected}, GPU {got}"));
        }
        start = end;
    }
    None
}

/// Runs one translation unit and returns what differs.
fn batch(seed: u64, write: impl FnOnce(&mut Random) -> Vec<String>) -> Vec<String> {
    let mut random = Random(seed);
    let dir = tempfile::tempdir().unwrap();
    let inputs = inputs(&mut random);
    let texts = write(&mut random);
    let kernels = texts.len();
    let text = format!("{PRELUDE}\n{}", texts.join("\n"));
    std::fs::write(dir.path().join("fuzz.cu"), &text).unwrap();
    let runner = Runner::new(binary(), Arc::new(AtomicBool::new(false))).unwrap();
    let compiled = nvrtc::compile(&runner, dir.path(), "fuzz", &Request::new("fuzz.cu", "sm_90"))
        .unwrap_or_else(|e| panic!("seed {seed}: {e}"));
    let program = Program::load(&compiled.ptx, "fuzz.cu").unwrap();
    let expected = on_the_host(dir.path(), &text, kernels, &inputs);
    let size = expected.len() / kernels;
    let mut differences = Vec::new();
    for (number, expected) in expected.chunks_exact(size).enumerate() {
        for (detect, order) in [(true, Order::Forward), (false, Order::Reverse)] {
            let wrong = match on_the_gpu(&program, &format!("k{number}"), &inputs, detect, order) {
                Ok(got) => difference(expected, &got),
                Err(faults) => Some(faults),
            };
            if let Some(wrong) = wrong {
                differences.push(format!("seed {seed}, detect {detect}, {order:?}: {wrong}\n{}", texts[number]));
                break;
            }
        }
    }
    differences
}

fn variable(name: &str, default: u64) -> u64 {
    std::env::var(name).map_or(default, |text| text.parse().unwrap_or_else(|_| panic!("{name}={text}")))
}

/// A runner takes every descendant of its process for its own.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

#[test]
fn every_function_agrees_on_its_own() {
    if !needs_nvrtc() || !needs(&["g++"]) {
        return;
    }
    let _turn = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    let differences = batch(0, |_| {
        let all = INTRINSICS.iter().filter(|f| f.0 != "__byte_perm").chain(&CONVERSIONS).enumerate();
        all.map(|(number, (function, arguments))| call(&format!("k{number}"), function, arguments)).collect()
    });
    assert!(differences.is_empty(), "{} functions differ\n{}", differences.len(), differences.join("\n"));
}

#[test]
fn the_simulated_gpu_and_the_host_agree_on_random_kernels() {
    if !needs_nvrtc() || !needs(&["g++"]) {
        return;
    }
    let _turn = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    let (seed, kernels) = (variable("KERNSMITH_FUZZ_SEED", 1), variable("KERNSMITH_FUZZ_KERNELS", 40) as usize);
    let sizes = (0..kernels).step_by(BATCH).map(|done| BATCH.min(kernels - done));
    let differences: Vec<String> = sizes
        .enumerate()
        .flat_map(|(number, size)| {
            batch(seed.wrapping_add(number as u64), |random| {
                (0..size).map(|number| kernel(random, &format!("k{number}"))).collect()
            })
        })
        .collect();
    assert!(differences.is_empty(), "{} of {kernels} kernels differ\n{}", differences.len(), differences.join("\n"));
}
