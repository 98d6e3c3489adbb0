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
#else
#define smaller fminf
#define larger fmaxf
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
