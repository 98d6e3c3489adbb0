//! Values of single lanes: how registers' bits become numbers and back, and arithmetic that the host does not have (directed rounding,
//! flushing of subnormals, half precision).

use half::{bf16, f16};

/// A number that fits a register.
pub(crate) trait Lane: Copy {
    /// From a register's low bits.
    fn get(bits: u64) -> Self;
    /// To a register, upper bits 0.
    fn put(self) -> u64;
}

/// A two's complement or unsigned integer.
pub(crate) trait Int: Lane {
    /// Every value fits.
    fn wide(self) -> i128;
    /// The nearest value of this type.
    fn saturate(value: i128) -> Self;
}

macro_rules! ints {
    ($($t:ty, $u:ty;)*) => {$(
        impl Lane for $t {
            #[inline(always)]
            fn get(bits: u64) -> Self { bits as $t }
            #[inline(always)]
            fn put(self) -> u64 { self as $u as u64 }
        }
        impl Int for $t {
            fn wide(self) -> i128 { i128::from(self) }
            fn saturate(value: i128) -> Self { value.clamp(i128::from(<$t>::MIN), i128::from(<$t>::MAX)) as $t }
        }
    )*};
}
ints! { u8, u8; i8, u8; u16, u16; i16, u16; u32, u32; i32, u32; u64, u64; i64, u64; }

impl Lane for f32 {
    #[inline(always)]
    fn get(bits: u64) -> Self {
        f32::from_bits(bits as u32)
    }
    #[inline(always)]
    fn put(self) -> u64 {
        u64::from(self.to_bits())
    }
}

impl Lane for f64 {
    #[inline(always)]
    fn get(bits: u64) -> Self {
        f64::from_bits(bits)
    }
    #[inline(always)]
    fn put(self) -> u64 {
        self.to_bits()
    }
}

impl Lane for f16 {
    fn get(bits: u64) -> Self {
        f16::from_bits(bits as u16)
    }
    fn put(self) -> u64 {
        u64::from(self.to_bits())
    }
}

impl Lane for bf16 {
    fn get(bits: u64) -> Self {
        bf16::from_bits(bits as u16)
    }
    fn put(self) -> u64 {
        u64::from(self.to_bits())
    }
}

/// A floating-point number.
pub(crate) trait Float: Lane {
    /// Every value fits.
    fn wide(self) -> f64;
    /// To the nearest value, ties to even.
    fn nearest(value: f64) -> Self;
    /// The neighbour towards plus infinity.
    fn up(self) -> Self;
    /// The neighbour towards minus infinity.
    fn down(self) -> Self;
}

impl Float for f32 {
    fn wide(self) -> f64 {
        f64::from(self)
    }
    fn nearest(value: f64) -> Self {
        value as f32
    }
    fn up(self) -> Self {
        self.next_up()
    }
    fn down(self) -> Self {
        self.next_down()
    }
}

impl Float for f64 {
    fn wide(self) -> f64 {
        self
    }
    fn nearest(value: f64) -> Self {
        value
    }
    fn up(self) -> Self {
        self.next_up()
    }
    fn down(self) -> Self {
        self.next_down()
    }
}

macro_rules! halves {
    ($($t:ty),*) => {$(
        impl Float for $t {
            fn wide(self) -> f64 { f64::from(self) }
            fn nearest(value: f64) -> Self { <$t>::from_f64(value) }
            fn up(self) -> Self {
                let bits = self.to_bits();
                <$t>::from_bits(match bits {
                    0x8000 => 1,
                    _ if self.is_nan() || self == <$t>::INFINITY => bits,
                    b if b & 0x8000 == 0 => b + 1,
                    b => b - 1,
                })
            }
            fn down(self) -> Self {
                let bits = self.to_bits();
                <$t>::from_bits(match bits {
                    0 => 0x8001,
                    _ if self.is_nan() || self == <$t>::NEG_INFINITY => bits,
                    b if b & 0x8000 == 0 => b - 1,
                    b => b + 1,
                })
            }
        }
    )*};
}
halves!(f16, bf16);

/// Where results go that lie between two values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Round {
    Nearest,
    Zero,
    Down,
    Up,
}

impl Round {
    /// From PTX's modifier.
    pub fn parse(modifier: &str) -> Option<Self> {
        Some(match modifier {
            "rn" | "rni" => Self::Nearest,
            "rz" | "rzi" => Self::Zero,
            "rm" | "rmi" => Self::Down,
            "rp" | "rpi" => Self::Up,
            _ => return None,
        })
    }
}

/// `sum + rest` (the rest being far smaller) rounded to `T`.
pub(crate) fn round_to<T: Float>(sum: f64, rest: f64, round: Round) -> T {
    if !sum.is_finite() {
        return T::nearest(sum);
    }
    // To odd, so that a second rounding cannot go wrong.
    let odd = if rest == 0.0 || sum.to_bits() & 1 == 1 {
        sum
    } else if rest > 0.0 {
        sum.next_up()
    } else {
        sum.next_down()
    };
    let odd = if size_of::<u64>() == size_of::<T>() { sum } else { odd };
    let near = T::nearest(odd);
    let value = near.wide();
    let (above, below) = (value > sum || (value == sum && rest < 0.0), value < sum || (value == sum && rest > 0.0));
    match round {
        Round::Nearest => near,
        Round::Zero if sum > 0.0 || (sum == 0.0 && rest > 0.0) => {
            if above {
                near.down()
            } else {
                near
            }
        }
        Round::Zero => {
            if below {
                near.up()
            } else {
                near
            }
        }
        Round::Down => {
            if above {
                near.down()
            } else {
                near
            }
        }
        Round::Up => {
            if below {
                near.up()
            } else {
                near
            }
        }
    }
}

/// `a + b` as a sum and what is missing in it (Knuth).
pub(crate) fn two_sum(a: f64, b: f64) -> (f64, f64) {
    let sum = a + b;
    let part = sum - a;
    let rest = (a - (sum - part)) + (b - part);
    (sum, if rest.is_finite() { rest } else { 0.0 })
}

/// `a * b + c` of numbers whose product is exact in double precision (`T` is 32 bits wide at most).
pub(crate) fn fused<T: Float>(a: T, b: T, c: T, round: Round) -> T {
    let (sum, rest) = two_sum(a.wide() * b.wide(), c.wide());
    round_to(sum, rest, round)
}

/// A rounding that depends on nothing but the number's place between integers.
pub(crate) fn to_integer(x: f64, round: Round) -> f64 {
    match round {
        Round::Nearest => x.round_ties_even(),
        Round::Zero => x.trunc(),
        Round::Down => x.floor(),
        Round::Up => x.ceil(),
    }
}

/// Subnormal to zero of the same sign.
#[inline(always)]
pub(crate) fn flush(x: f32) -> f32 {
    if x.is_subnormal() { 0.0f32.copysign(x) } else { x }
}

/// Into [0, 1]; NaN becomes 0.
pub(crate) fn saturate(x: f32) -> f32 {
    if x.is_nan() { 0.0 } else { x.clamp(0.0, 1.0) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn directed_sums_enclose_the_exact_one(a in any::<f32>(), b in any::<f32>()) {
            prop_assume!(a.is_finite() && b.is_finite());
            let (sum, rest) = two_sum(f64::from(a), f64::from(b));
            let down: f32 = round_to(sum, rest, Round::Down);
            let up: f32 = round_to(sum, rest, Round::Up);
            let near: f32 = round_to(sum, rest, Round::Nearest);
            prop_assert_eq!(near.to_bits(), (a + b).to_bits());
            prop_assert!(down <= near && near <= up);
            prop_assert!(down == up || (down < up && (down.next_up() == up || !near.is_finite())));
        }

        #[test]
        fn fused_is_the_hosts(a in any::<f32>(), b in any::<f32>(), c in any::<f32>()) {
            let want = a.mul_add(b, c);
            let got = fused(a, b, c, Round::Nearest);
            prop_assert!(got.to_bits() == want.to_bits() || (got.is_nan() && want.is_nan()));
        }

        #[test]
        fn half_neighbours_are_in_order(bits in any::<u16>()) {
            let x = f16::from_bits(bits);
            prop_assume!(x.is_finite());
            prop_assert!(x.up().wide() > x.wide() && x.down().wide() < x.wide());
        }
    }
}
