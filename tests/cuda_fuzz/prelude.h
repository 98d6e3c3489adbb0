// What a fuzzed kernel may call, for CUDA and, through stand-ins that follow the PTX manual, for C++ on the host.
typedef signed char i8;
typedef unsigned char u8;
typedef short i16;
typedef unsigned short u16;
typedef int i32;
typedef unsigned int u32;
typedef long long i64;
typedef unsigned long long u64;
typedef float f32;
typedef double f64;

#ifndef __CUDACC_RTC__
#include <cfenv>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <limits>
#define __device__
#define __global__
#define __shared__ static
#define __noinline__ __attribute__((noinline))
struct Dim { unsigned x, y, z; };
static Dim threadIdx, blockIdx, blockDim;

template <class To, class From> static To same_bits(From from) { To to; std::memcpy(&to, &from, sizeof to); return to; }
static u32 __float_as_uint(f32 x) { return same_bits<u32>(x); }
static f32 __uint_as_float(u32 x) { return same_bits<f32>(x); }
static i64 __double_as_longlong(f64 x) { return same_bits<i64>(x); }
static f32 __fadd_rn(f32 a, f32 b) { return a + b; }
static f32 __fsub_rn(f32 a, f32 b) { return a - b; }
static f32 __fmul_rn(f32 a, f32 b) { return a * b; }
static f32 __fdiv_rn(f32 a, f32 b) { return a / b; }
static f32 __fsqrt_rn(f32 a) { return std::sqrt(a); }
static f32 __fmaf_rn(f32 a, f32 b, f32 c) { return std::fmaf(a, b, c); }
static f64 __dadd_rn(f64 a, f64 b) { return a + b; }
static f64 __dsub_rn(f64 a, f64 b) { return a - b; }
static f64 __dmul_rn(f64 a, f64 b) { return a * b; }
static f64 __ddiv_rn(f64 a, f64 b) { return a / b; }
static f64 __fma_rn(f64 a, f64 b, f64 c) { return std::fma(a, b, c); }
static f32 __double2float_rn(f64 a) { return (f32)a; }
// A NaN gives way to a number; -0 is less than +0.
static f32 smaller(f32 a, f32 b) {
    return a != a ? b : b != b ? a : a == b ? __uint_as_float(__float_as_uint(a) | __float_as_uint(b)) : a < b ? a : b;
}
static f32 larger(f32 a, f32 b) { return -smaller(-a, -b); }
// Out of range goes to the nearest end.
template <class T> static T saturate(f64 whole, T of_nan) {
    typedef std::numeric_limits<T> Limits;
    if (whole != whole) return of_nan;
    if (whole >= std::ldexp(1.0, Limits::digits)) return Limits::max();
    return whole <= (f64)Limits::min() ? Limits::min() : (T)whole;
}
static i32 __float2int_rz(f32 x) { return saturate<i32>(std::trunc((f64)x), 0); }
static i32 __float2int_rn(f32 x) { return saturate<i32>(std::nearbyint((f64)x), 0); }
static u32 __float2uint_rz(f32 x) { return saturate<u32>(std::trunc((f64)x), 0); }
static u32 __float2uint_rn(f32 x) { return saturate<u32>(std::nearbyint((f64)x), 0); }
static i64 __float2ll_rz(f32 x) { return saturate<i64>(std::trunc((f64)x), std::numeric_limits<i64>::min()); }
static u64 __float2ull_rz(f32 x) { return saturate<u64>(std::trunc((f64)x), 1ull << 63); }
static i64 __double2ll_rz(f64 x) { return saturate<i64>(std::trunc(x), std::numeric_limits<i64>::min()); }
static i32 __double2int_rz(f64 x) { return saturate<i32>(std::trunc(x), std::numeric_limits<i32>::min()); }
static i32 __popc(u32 x) { return __builtin_popcount(x); }
static i32 __popcll(u64 x) { return __builtin_popcountll(x); }
static i32 __clz(i32 x) { return x ? __builtin_clz((u32)x) : 32; }
static i32 __clzll(i64 x) { return x ? __builtin_clzll((u64)x) : 64; }
static i32 __ffs(i32 x) { return __builtin_ffs(x); }
static u64 __brevll(u64 x) { u64 y = 0; for (int i = 0; i < 64; i++) y |= (x >> i & 1) << (63 - i); return y; }
static u32 __brev(u32 x) { return (u32)(__brevll(x) >> 32); }
static u32 __umulhi(u32 a, u32 b) { return (u32)((u64)a * b >> 32); }
static i32 __mulhi(i32 a, i32 b) { return (i32)((i64)a * b >> 32); }
static u64 __umul64hi(u64 a, u64 b) { return (u64)((unsigned __int128)a * b >> 64); }
static i64 __mul64hi(i64 a, i64 b) { return (i64)((__int128)a * b >> 64); }
static u32 __funnelshift_l(u32 lo, u32 hi, u32 s) { return (u32)((((u64)hi << 32 | lo) << (s & 31)) >> 32); }
static u32 __funnelshift_r(u32 lo, u32 hi, u32 s) { return (u32)(((u64)hi << 32 | lo) >> (s & 31)); }
static u32 __byte_perm(u32 a, u32 b, u32 s) {
    u64 both = (u64)b << 32 | a;
    u32 to = 0;
    for (int i = 0; i < 4; i++) to |= (u32)(both >> (s >> 4 * i & 7) * 8 & 255) << 8 * i;
    return to;
}
static i32 __dp4a(i32 a, i32 b, i32 c) {
    u32 sum = (u32)c;
    for (int i = 0; i < 4; i++) sum += (u32)((i8)(a >> 8 * i) * (i8)(b >> 8 * i));
    return (i32)sum;
}
static void atomicAdd(u32 *p, u32 v) { *p += v; }
static void atomicXor(u32 *p, u32 v) { *p ^= v; }
static void atomicOr(u32 *p, u32 v) { *p |= v; }
static void atomicAnd(u32 *p, u32 v) { *p &= v; }
static void atomicMax(u32 *p, u32 v) { *p = *p > v ? *p : v; }
static void atomicMin(u32 *p, u32 v) { *p = *p < v ? *p : v; }
#define ROUNDED(NAME, MODE, RESULT, PARAMETERS, COPIES, VALUE) static RESULT NAME PARAMETERS { \
    std::fesetround(MODE); COPIES; volatile RESULT result = VALUE; std::fesetround(FE_TONEAREST); return result; }
#define ROUNDED_ALL(SUFFIX, MODE) \
    ROUNDED(__fadd_##SUFFIX, MODE, f32, (f32 a, f32 b), volatile f32 x = a; volatile f32 y = b, x + y) \
    ROUNDED(__fmul_##SUFFIX, MODE, f32, (f32 a, f32 b), volatile f32 x = a; volatile f32 y = b, x * y) \
    ROUNDED(__double2float_##SUFFIX, MODE, f32, (f64 a), volatile f64 x = a, (f32)x) \
    ROUNDED(__int2float_##SUFFIX, MODE, f32, (i32 a), volatile i32 x = a, (f32)x) \
    ROUNDED(__ll2float_##SUFFIX, MODE, f32, (i64 a), volatile i64 x = a, (f32)x) \
    ROUNDED(__ll2double_##SUFFIX, MODE, f64, (i64 a), volatile i64 x = a, (f64)x)
ROUNDED_ALL(rz, FE_TOWARDZERO)
ROUNDED_ALL(ru, FE_UPWARD)
ROUNDED_ALL(rd, FE_DOWNWARD)
static i32 __float2int_ru(f32 x) { return saturate<i32>(std::ceil((f64)x), 0); }
static i32 __float2int_rd(f32 x) { return saturate<i32>(std::floor((f64)x), 0); }
static f32 __saturatef(f32 x) { return x != x || x <= 0 ? 0.0f : x > 1 ? 1.0f : x; }

// Instructions of PTX that C++ has no word for, as the manual defines them.
template <class T> static T extract(T a, u32 from, u32 length) {
    int top = sizeof(T) * 8 - 1, pos = from & 255, len = length & 255;
    auto bit = [&](int i) { return (u64)a >> i & 1; };
    u64 sign = (T)-1 > 0 || len == 0 ? 0 : bit(pos + len - 1 < top ? pos + len - 1 : top), result = 0;
    for (int i = 0; i <= top; i++) result |= (i < len && pos + i <= top ? bit(pos + i) : sign) << i;
    return (T)result;
}
template <class T> static T insert(T a, T b, u32 to, u32 length) {
    int top = sizeof(T) * 8 - 1, pos = to & 255, len = length & 255;
    for (int i = 0; i < len && pos + i <= top; i++) {
        b = (T)((b & ~((T)1 << (pos + i))) | ((a >> i & 1) << (pos + i)));
    }
    return b;
}
template <class T> static T clamped(i64 a) {
    typedef std::numeric_limits<T> Limits;
    return a < (i64)Limits::min() ? Limits::min() : a > (i64)Limits::max() ? Limits::max() : (T)a;
}
static u32 bfe_u32(u32 a, u32 b, u32 c) { return extract<u32>(a, b, c); }
static i32 bfe_s32(i32 a, u32 b, u32 c) { return extract<i32>(a, b, c); }
static u64 bfe_u64(u64 a, u32 b, u32 c) { return extract<u64>(a, b, c); }
static i64 bfe_s64(i64 a, u32 b, u32 c) { return extract<i64>(a, b, c); }
static u32 bfi_b32(u32 a, u32 b, u32 c, u32 d) { return insert<u32>(a, b, c, d); }
static u64 bfi_b64(u64 a, u64 b, u32 c, u32 d) { return insert<u64>(a, b, c, d); }
static u32 lop3_majority(u32 a, u32 b, u32 c) { return (a & b) | (b & c) | (a & c); }
static u32 lop3_choice(u32 a, u32 b, u32 c) { return (a & b) | (~a & c); }
static i32 add_sat(i32 a, i32 b) { return clamped<i32>((i64)a + b); }
static i32 sub_sat(i32 a, i32 b) { return clamped<i32>((i64)a - b); }
static i32 sat_s8(i32 a) { return clamped<i8>(a); }
static u32 sat_u8(i32 a) { return clamped<u8>(a); }
static i32 sat_s16(i64 a) { return clamped<i16>(a); }
static u32 sat_u32(i64 a) { return clamped<u32>(a); }
static u32 prmt_sign(u32 a, u32 b, u32 s) {
    u64 both = (u64)b << 32 | a;
    u32 to = 0;
    for (int i = 0; i < 4; i++) {
        u32 byte = both >> (s >> 4 * i & 7) * 8 & 255;
        to |= (s >> 4 * i & 8 ? byte >> 7 ? 255u : 0u : byte) << 8 * i;
    }
    return to;
}
static u32 prmt_f4e(u32 a, u32 b, u32 s) { return (u32)(((u64)b << 32 | a) >> (s & 3) * 8); }
// The four bytes of the selectors that the low bits of `s` pick, highest first.
static u32 prmt_picked(u32 a, u32 b, u32 s, u32 of0, u32 of1, u32 of2, u32 of3) {
    u32 of[] = {of0, of1, of2, of3};
    return prmt_sign(a, b, of[s & 3]);
}
static u32 prmt_b4e(u32 a, u32 b, u32 s) { return prmt_picked(a, b, s, 0x5670, 0x6701, 0x7012, 0x0123); }
static u32 prmt_rc8(u32 a, u32 b, u32 s) { return (a >> (s & 3) * 8 & 255) * 0x01010101u; }
static u32 prmt_ecl(u32 a, u32 b, u32 s) { return prmt_picked(a, b, s, 0x3210, 0x3211, 0x3222, 0x3333); }
static u32 prmt_ecr(u32 a, u32 b, u32 s) { return prmt_picked(a, b, s, 0x0000, 0x1110, 0x2210, 0x3210); }
static u32 prmt_rc16(u32 a, u32 b, u32 s) { return (a >> (s & 1) * 16 & 0xffff) * 0x00010001u; }
static u32 shl_clamp(u32 a, u32 s) { return s > 31 ? 0 : a << s; }
static i32 shr_clamp(i32 a, u32 s) { return a >> (s > 31 ? 31 : s); }
static u64 shr_clamp64(u64 a, u32 s) { return s > 63 ? 0 : a >> s; }
static u32 shf_l_clamp(u32 lo, u32 hi, u32 s) { return (u32)((((u64)hi << 32 | lo) << (s > 32 ? 32 : s)) >> 32); }
static u32 shf_r_clamp(u32 lo, u32 hi, u32 s) { return (u32)(((u64)hi << 32 | lo) >> (s > 32 ? 32 : s)); }
static u32 bfind_u32(u32 a) { return a ? 31 - __builtin_clz(a) : ~0u; }
static u32 bfind_s32(i32 a) { return bfind_u32((u32)(a < 0 ? ~a : a)); }
static u32 bfind_u64(u64 a) { return a ? 63 - __builtin_clzll(a) : ~0u; }
static u32 sad_u32(u32 a, u32 b, u32 c) { return c + (a < b ? b - a : a - b); }
static u32 sad_s32(i32 a, i32 b, u32 c) { return c + (a < b ? (u32)b - (u32)a : (u32)a - (u32)b); }
static u32 mad_hi_u32(u32 a, u32 b, u32 c) { return __umulhi(a, b) + c; }
static i64 mad_wide_s32(i32 a, i32 b, i64 c) { return (i64)((u64)((i64)a * b) + (u64)c); }
static i32 mul24_s32(i32 a, i32 b) {
    return (i32)((u32)((i32)((u32)a << 8) >> 8) * (u32)((i32)((u32)b << 8) >> 8));
}
#else
#define smaller fminf
#define larger fmaxf
#define INSTRUCTION(NAME, R, C, PARAMETERS, TEXT, ...) __device__ static inline R NAME PARAMETERS { \
    R d; asm(TEXT : "=" C(d) : __VA_ARGS__); return d; }
INSTRUCTION(bfe_u32, u32, "r", (u32 a, u32 b, u32 c), "bfe.u32 %0, %1, %2, %3;", "r"(a), "r"(b), "r"(c))
INSTRUCTION(bfe_s32, i32, "r", (i32 a, u32 b, u32 c), "bfe.s32 %0, %1, %2, %3;", "r"(a), "r"(b), "r"(c))
INSTRUCTION(bfe_u64, u64, "l", (u64 a, u32 b, u32 c), "bfe.u64 %0, %1, %2, %3;", "l"(a), "r"(b), "r"(c))
INSTRUCTION(bfe_s64, i64, "l", (i64 a, u32 b, u32 c), "bfe.s64 %0, %1, %2, %3;", "l"(a), "r"(b), "r"(c))
INSTRUCTION(bfi_b32, u32, "r", (u32 a, u32 b, u32 c, u32 e), "bfi.b32 %0, %1, %2, %3, %4;", "r"(a), "r"(b), "r"(c), "r"(e))
INSTRUCTION(bfi_b64, u64, "l", (u64 a, u64 b, u32 c, u32 e), "bfi.b64 %0, %1, %2, %3, %4;", "l"(a), "l"(b), "r"(c), "r"(e))
INSTRUCTION(lop3_majority, u32, "r", (u32 a, u32 b, u32 c), "lop3.b32 %0, %1, %2, %3, 0xe8;", "r"(a), "r"(b), "r"(c))
INSTRUCTION(lop3_choice, u32, "r", (u32 a, u32 b, u32 c), "lop3.b32 %0, %1, %2, %3, 0xca;", "r"(a), "r"(b), "r"(c))
INSTRUCTION(add_sat, i32, "r", (i32 a, i32 b), "add.sat.s32 %0, %1, %2;", "r"(a), "r"(b))
INSTRUCTION(sub_sat, i32, "r", (i32 a, i32 b), "sub.sat.s32 %0, %1, %2;", "r"(a), "r"(b))
INSTRUCTION(sat_s8, i32, "r", (i32 a), "cvt.sat.s8.s32 %0, %1;", "r"(a))
INSTRUCTION(sat_u8, u32, "r", (i32 a), "cvt.sat.u8.s32 %0, %1;", "r"(a))
INSTRUCTION(sat_s16, i32, "r", (i64 a), "cvt.sat.s16.s64 %0, %1;", "l"(a))
INSTRUCTION(sat_u32, u32, "r", (i64 a), "cvt.sat.u32.s64 %0, %1;", "l"(a))
INSTRUCTION(prmt_sign, u32, "r", (u32 a, u32 b, u32 s), "prmt.b32 %0, %1, %2, %3;", "r"(a), "r"(b), "r"(s))
INSTRUCTION(prmt_f4e, u32, "r", (u32 a, u32 b, u32 s), "prmt.b32.f4e %0, %1, %2, %3;", "r"(a), "r"(b), "r"(s))
INSTRUCTION(prmt_b4e, u32, "r", (u32 a, u32 b, u32 s), "prmt.b32.b4e %0, %1, %2, %3;", "r"(a), "r"(b), "r"(s))
INSTRUCTION(prmt_rc8, u32, "r", (u32 a, u32 b, u32 s), "prmt.b32.rc8 %0, %1, %2, %3;", "r"(a), "r"(b), "r"(s))
INSTRUCTION(prmt_ecl, u32, "r", (u32 a, u32 b, u32 s), "prmt.b32.ecl %0, %1, %2, %3;", "r"(a), "r"(b), "r"(s))
INSTRUCTION(prmt_ecr, u32, "r", (u32 a, u32 b, u32 s), "prmt.b32.ecr %0, %1, %2, %3;", "r"(a), "r"(b), "r"(s))
INSTRUCTION(prmt_rc16, u32, "r", (u32 a, u32 b, u32 s), "prmt.b32.rc16 %0, %1, %2, %3;", "r"(a), "r"(b), "r"(s))
INSTRUCTION(shl_clamp, u32, "r", (u32 a, u32 s), "shl.b32 %0, %1, %2;", "r"(a), "r"(s))
INSTRUCTION(shr_clamp, i32, "r", (i32 a, u32 s), "shr.s32 %0, %1, %2;", "r"(a), "r"(s))
INSTRUCTION(shr_clamp64, u64, "l", (u64 a, u32 s), "shr.u64 %0, %1, %2;", "l"(a), "r"(s))
INSTRUCTION(shf_l_clamp, u32, "r", (u32 a, u32 b, u32 s), "shf.l.clamp.b32 %0, %1, %2, %3;", "r"(a), "r"(b), "r"(s))
INSTRUCTION(shf_r_clamp, u32, "r", (u32 a, u32 b, u32 s), "shf.r.clamp.b32 %0, %1, %2, %3;", "r"(a), "r"(b), "r"(s))
INSTRUCTION(bfind_u32, u32, "r", (u32 a), "bfind.u32 %0, %1;", "r"(a))
INSTRUCTION(bfind_s32, u32, "r", (i32 a), "bfind.s32 %0, %1;", "r"(a))
INSTRUCTION(bfind_u64, u32, "r", (u64 a), "bfind.u64 %0, %1;", "l"(a))
INSTRUCTION(sad_u32, u32, "r", (u32 a, u32 b, u32 c), "sad.u32 %0, %1, %2, %3;", "r"(a), "r"(b), "r"(c))
INSTRUCTION(sad_s32, u32, "r", (i32 a, i32 b, u32 c), "sad.s32 %0, %1, %2, %3;", "r"(a), "r"(b), "r"(c))
INSTRUCTION(mad_hi_u32, u32, "r", (u32 a, u32 b, u32 c), "mad.hi.u32 %0, %1, %2, %3;", "r"(a), "r"(b), "r"(c))
INSTRUCTION(mad_wide_s32, i64, "l", (i32 a, i32 b, i64 c), "mad.wide.s32 %0, %1, %2, %3;", "r"(a), "r"(b), "l"(c))
INSTRUCTION(mul24_s32, i32, "r", (i32 a, i32 b), "mul24.lo.s32 %0, %1, %2;", "r"(a), "r"(b))
#endif

// Quotients and remainders that have a value for all arguments.
template <class T> __device__ T quotient(T a, T b) {
    return b == 0 ? a : b == (T)-1 && (T)-1 < 0 ? (T)(0ull - (u64)a) : (T)(a / b);
}
template <class T> __device__ T remainder_of(T a, T b) {
    return b == 0 ? a : b == (T)-1 && (T)-1 < 0 ? (T)0 : (T)(a % b);
}
// The bits of a number; one pattern for all NaNs, whose payload the two sides may choose.
__device__ static inline u32 bits(f32 x) { return x != x ? 0x7fc00000u : __float_as_uint(x); }
__device__ static inline u64 bits64(f64 x) { return x != x ? 0x7ff8000000000000ull : (u64)__double_as_longlong(x); }

#define ARGUMENTS const u32 *in, const u8 *inb, const f32 *inf, const i64 *inl, u32 *out, u8 *outb, i16 *outs, i64 *outl, \
    u32 *acc, i32 n, u8 c, f32 f, i64 m
