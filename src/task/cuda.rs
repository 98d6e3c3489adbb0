//! The CUDA part of a task: buffers with their shapes and contents, scalars, what is checked and what is measured.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::integer::Expr;

/// The largest buffer that a check may have, in bytes: it is executed by an interpreter, with a shadow of every byte.
pub const MAX_CHECK_BYTES: u64 = 64 << 20;
/// The largest buffer of any shape, in bytes.
pub const MAX_BYTES: u64 = 8 << 30;

/// Values of the symbols.
pub type Shape = BTreeMap<String, i64>;

/// What a CUDA candidate works on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CudaTask {
    /// Named shapes; all of them give a value to the same symbols.
    pub shapes: BTreeMap<String, Shape>,
    /// Buffers in the order of the manifest.
    pub buffers: Vec<Buffer>,
    /// Scalars in the order of the manifest.
    pub scalars: Vec<Scalar>,
    /// How a candidate is checked.
    pub check: CudaCheck,
    /// What is measured.
    pub measure: CudaMeasure,
}

/// Device memory that a candidate gets.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Buffer {
    /// Name.
    pub name: String,
    /// Who writes it.
    pub role: Role,
    /// Type of its elements.
    pub dtype: Dtype,
    /// Extents, row-major, over the symbols.
    pub dims: Vec<Expr>,
    /// What it holds at first; None for outputs, which hold poison.
    pub fill: Option<BufferFill>,
}

/// Who writes a buffer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Nobody: a candidate that does is rejected.
    Input,
    /// The candidate; uninitialised at first.
    Output,
    /// The candidate; filled at first.
    Inout,
}

impl Role {
    /// The name in `task.toml`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Input => "input",
            Self::Output => "output",
            Self::Inout => "inout",
        }
    }

    /// True if it is filled before the first launch.
    pub fn is_filled(self) -> bool {
        self != Self::Output
    }

    /// True if it is compared after the last launch.
    pub fn is_compared(self) -> bool {
        self != Self::Input
    }
}

/// The type of an element.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "the names say it")]
pub enum Dtype {
    F64,
    F32,
    F16,
    Bf16,
    I64,
    I32,
    U32,
    I16,
    U16,
    I8,
    U8,
}

impl Dtype {
    /// All types.
    pub const ALL: [Dtype; 11] = [
        Self::F64,
        Self::F32,
        Self::F16,
        Self::Bf16,
        Self::I64,
        Self::I32,
        Self::U32,
        Self::I16,
        Self::U16,
        Self::I8,
        Self::U8,
    ];

    /// The name in manifests and annotations.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::F64 => "f64",
            Self::F32 => "f32",
            Self::F16 => "f16",
            Self::Bf16 => "bf16",
            Self::I64 => "i64",
            Self::I32 => "i32",
            Self::U32 => "u32",
            Self::I16 => "i16",
            Self::U16 => "u16",
            Self::I8 => "i8",
            Self::U8 => "u8",
        }
    }

    /// The type of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|d| d.as_str() == name)
    }

    /// Bytes of an element.
    pub fn size(self) -> u64 {
        match self {
            Self::F64 | Self::I64 => 8,
            Self::F32 | Self::I32 | Self::U32 => 4,
            Self::F16 | Self::Bf16 | Self::I16 | Self::U16 => 2,
            Self::I8 | Self::U8 => 1,
        }
    }

    /// True for floating-point types.
    pub fn is_float(self) -> bool {
        self.integers().is_none()
    }

    /// Least and greatest value of an integer type; None for floating-point types.
    pub fn integers(self) -> Option<(i64, i64)> {
        match self {
            Self::F64 | Self::F32 | Self::F16 | Self::Bf16 => None,
            Self::I64 => Some((i64::MIN, i64::MAX)),
            Self::I32 => Some((i32::MIN.into(), i32::MAX.into())),
            Self::U32 => Some((0, u32::MAX.into())),
            Self::I16 => Some((i16::MIN.into(), i16::MAX.into())),
            Self::U16 => Some((0, u16::MAX.into())),
            Self::I8 => Some((i8::MIN.into(), i8::MAX.into())),
            Self::U8 => Some((0, u8::MAX.into())),
        }
    }
}

/// How the elements of an input are drawn.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase", tag = "kind")]
pub enum BufferFill {
    /// Normal distribution.
    Normal {
        /// Mean.
        mean: f64,
        /// Standard deviation.
        std: f64,
    },
    /// Uniform distribution of reals in `low..high`.
    Uniform {
        /// Least value.
        low: f64,
        /// Greatest value, not reached.
        high: f64,
    },
    /// Uniform distribution of integers, both ends included.
    Integers {
        /// Least value.
        low: Expr,
        /// Greatest value.
        high: Expr,
    },
    /// The same value everywhere.
    Constant {
        /// The value.
        value: f64,
    },
}

/// A constant that a launch may pass.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Scalar {
    /// Name.
    pub name: String,
    /// Type.
    pub dtype: Dtype,
    /// Value; a whole number if the type is an integer.
    pub value: f64,
}

/// How a candidate is checked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CudaCheck {
    /// Names of the shapes that are executed, at least one.
    pub shapes: Vec<String>,
    /// Secret seeds, spread over the shapes.
    pub trials: u32,
    /// Relative tolerance of floating-point outputs: `|got - want| <= atol + rtol * max(|want|, rms(want))`.
    pub rtol: f64,
    /// Absolute tolerance.
    pub atol: f64,
    /// Further inputs, on the first shape.
    pub stress: Vec<Stress>,
}

/// A change of the float inputs that mistakes in the treatment of extremes do not survive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stress {
    /// Values times 100.
    Scaled,
    /// Values plus 10.
    Shifted,
    /// Every element 0.5.
    Constant,
    /// All 0 but one 1.
    OneHot,
}

impl Stress {
    /// All of them: the default.
    pub const ALL: [Stress; 4] = [Self::Scaled, Self::Shifted, Self::Constant, Self::OneHot];

    /// The name in `task.toml`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Scaled => "scaled",
            Self::Shifted => "shifted",
            Self::Constant => "constant",
            Self::OneHot => "one_hot",
        }
    }
}

/// What is measured.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CudaMeasure {
    /// Name of the shape whose time is predicted.
    pub shape: String,
    /// DRAM traffic that no kernel can do without, in bytes.
    pub bytes: Expr,
    /// Arithmetic that no kernel can do without.
    pub flops: Expr,
    /// The peak that the arithmetic is held against.
    pub peak: Peak,
}

/// A device's arithmetic peak.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Peak {
    /// FP32 cores.
    Fp32,
    /// FP64 cores.
    Fp64,
    /// Tensor cores, fp16 inputs.
    TensorF16,
    /// Tensor cores, bf16 inputs.
    TensorBf16,
    /// Tensor cores, tf32 inputs.
    TensorTf32,
    /// Tensor cores, int8 inputs.
    TensorInt8,
    /// Integer units.
    Int32,
}

impl Peak {
    /// The name in `task.toml`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Fp32 => "fp32",
            Self::Fp64 => "fp64",
            Self::TensorF16 => "tensor_f16",
            Self::TensorBf16 => "tensor_bf16",
            Self::TensorTf32 => "tensor_tf32",
            Self::TensorInt8 => "tensor_int8",
            Self::Int32 => "int32",
        }
    }
}

impl CudaTask {
    /// The symbols, sorted.
    pub fn symbols(&self) -> Vec<&str> {
        self.shapes.values().next().into_iter().flatten().map(|(name, _)| name.as_str()).collect()
    }

    /// A shape by name.
    pub fn shape(&self, name: &str) -> Option<&Shape> {
        self.shapes.get(name)
    }

    /// The shapes that are checked, in order, with their names.
    pub fn check_shapes(&self) -> impl Iterator<Item = (&str, &Shape)> {
        self.check.shapes.iter().filter_map(|name| Some((name.as_str(), self.shapes.get(name)?)))
    }

    /// The shape that is measured.
    pub fn measure_shape(&self) -> Option<&Shape> {
        self.shapes.get(&self.measure.shape)
    }

    /// Elements of all buffers of all checked shapes.
    pub(super) fn weight(&self) -> u64 {
        let elements = |shape| self.buffers.iter().filter_map(|b| b.elements(shape).ok()).sum::<u64>();
        self.check_shapes().map(|(_, shape)| elements(shape)).sum()
    }
}

impl Buffer {
    /// The extents at a shape.
    pub fn extents(&self, shape: &Shape) -> Result<Vec<u64>, String> {
        extents(&self.dims, &|name| shape.get(name).copied())
    }

    /// Number of elements at a shape.
    pub fn elements(&self, shape: &Shape) -> Result<u64, String> {
        elements(&self.extents(shape)?)
    }

    /// Size in bytes at a shape.
    pub fn bytes(&self, shape: &Shape) -> Result<u64, String> {
        bytes(self.dtype, &self.extents(shape)?)
    }
}

/// The values of extents; an error unless each is at least 1.
pub fn extents(dims: &[Expr], symbol: &dyn Fn(&str) -> Option<i64>) -> Result<Vec<u64>, String> {
    let extent = |dim: &Expr| {
        let value = dim.value(symbol)?;
        u64::try_from(value)
            .ok()
            .filter(|v| *v > 0)
            .ok_or_else(|| format!("extent `{dim}` is {value}, at least 1 is needed"))
    };
    dims.iter().map(extent).collect()
}

fn elements(extents: &[u64]) -> Result<u64, String> {
    let product = extents.iter().try_fold(1u64, |product, extent| product.checked_mul(*extent));
    product.ok_or_else(|| "the number of elements overflows 64 bits".to_string())
}

/// Bytes of an array; an error if it is larger than any buffer may be.
pub fn bytes(dtype: Dtype, extents: &[u64]) -> Result<u64, String> {
    let bytes = elements(extents)?.checked_mul(dtype.size()).filter(|bytes| *bytes <= MAX_BYTES);
    bytes.ok_or_else(|| format!("{extents:?} {} are more than {} GiB", dtype.as_str(), MAX_BYTES >> 30))
}
