//! The CUDA tables of `task.toml`.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{self, Visitor};
use serde::{Deserialize, Deserializer};
use toml::Spanned;

use super::Reader;
use crate::target::TargetName;
use crate::task::cuda::{
    Buffer, BufferFill, CudaCheck, CudaMeasure, CudaTask, Dtype, MAX_CHECK_BYTES, Peak, Role, Scalar, Shape, Stress,
};
use crate::task::integer::{Expr, FUNCTIONS};
use crate::task::{Objective, Product, Task, TaskError, TaskKind};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Manifest {
    name: Spanned<String>,
    #[serde(rename = "target")]
    _target: String,
    summary: String,
    source: String,
    operation: Spanned<String>,
    shapes: Spanned<Shapes>,
    buffer: Vec<BufferEntry>,
    #[serde(default)]
    scalar: Vec<ScalarEntry>,
    check: CheckTable,
    measure: MeasureTable,
}

/// Name to symbols with their values.
type Shapes = BTreeMap<Spanned<String>, BTreeMap<Spanned<String>, Spanned<i64>>>;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct BufferEntry {
    name: Spanned<String>,
    role: Role,
    dtype: Dtype,
    dims: Spanned<Vec<Spanned<Integer>>>,
    fill: Option<Spanned<FillTable>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "lowercase", tag = "kind")]
enum FillTable {
    Normal { mean: f64, std: f64 },
    Uniform { low: f64, high: f64 },
    Integers { low: Integer, high: Integer },
    Constant { value: f64 },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ScalarEntry {
    name: Spanned<String>,
    dtype: Dtype,
    value: Spanned<f64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CheckTable {
    shapes: Spanned<Vec<Spanned<String>>>,
    trials: Option<Spanned<u32>>,
    rtol: Option<Spanned<f64>>,
    atol: Option<Spanned<f64>>,
    stress: Option<Spanned<Vec<Stress>>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct MeasureTable {
    shape: Spanned<String>,
    bytes: Spanned<Integer>,
    flops: Spanned<Integer>,
    peak: Peak,
}

/// An integer, or an expression over the symbols.
enum Integer {
    Number(i64),
    Text(String),
}

impl<'de> Deserialize<'de> for Integer {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;
        impl Visitor<'_> for Either {
            type Value = Integer;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an integer, or an expression over the symbols in quotes")
            }

            fn visit_i64<E: de::Error>(self, value: i64) -> Result<Integer, E> {
                Ok(Integer::Number(value))
            }

            fn visit_u64<E: de::Error>(self, value: u64) -> Result<Integer, E> {
                i64::try_from(value).map(Integer::Number).map_err(E::custom)
            }

            fn visit_str<E: de::Error>(self, value: &str) -> Result<Integer, E> {
                Ok(Integer::Text(value.to_string()))
            }
        }
        deserializer.deserialize_any(Either)
    }
}

const DEFAULT_TRIALS: u32 = 5;
const MAX_TRIALS: u32 = 1000;
const MAX_DIMS: usize = 8;

impl Reader<'_> {
    pub(super) fn cuda(&self, m: Manifest) -> Result<Task, TaskError> {
        self.header(&m.name, &m.operation)?;
        let shapes = self.shapes(&m.shapes)?;
        let symbols: Vec<&str> = shapes.values().next().into_iter().flatten().map(|(s, _)| s.as_str()).collect();
        let mut names: Vec<String> = symbols.iter().map(ToString::to_string).collect();
        let mut buffers = Vec::new();
        for entry in &m.buffer {
            names.push(self.new_name("buffer", &entry.name, &names)?);
            buffers.push(self.buffer(entry, &symbols, &shapes)?);
        }
        if !buffers.iter().any(|b| b.role.is_compared()) {
            return self.fail(&m.name, "no [[buffer]] with role \"output\" or \"inout\": there is nothing to check");
        }
        let mut scalars = Vec::new();
        for entry in &m.scalar {
            names.push(self.new_name("scalar", &entry.name, &names)?);
            scalars.push(self.scalar(entry)?);
        }
        let check = self.check(&m.check, &buffers, &shapes)?;
        let measure = self.measure(&m.measure, &symbols, &shapes)?;
        let minimise = match Product::parse(TargetName::Cuda, "time_us") {
            Ok(product) => product,
            Err(message) => return self.fail(&m.name, message),
        };
        let reference = self.reference(TargetName::Cuda)?;
        let start = self.sibling(&TargetName::Cuda.file("start"))?;
        Ok(Task {
            id: format!("{}/{}", TargetName::Cuda, m.name.get_ref()),
            summary: m.summary,
            source: m.source,
            operation: m.operation.into_inner(),
            kind: TaskKind::Cuda(CudaTask { shapes, buffers, scalars, check, measure }),
            objective: Objective { minimise, limits: BTreeMap::new() },
            digest: self.identity(&[Some(&reference), start.as_deref()]),
            manifest_text: self.text.to_string(),
            reference,
            start,
            testbench: None,
        })
    }

    /// An identifier that is neither taken nor a function's name.
    fn new_name(&self, what: &str, name: &Spanned<String>, taken: &[String]) -> Result<String, TaskError> {
        let text = self.identifier(&format!("{what} name"), name)?;
        if FUNCTIONS.contains(&text.as_str()) {
            return self.fail(name, format!("{what} \"{text}\" has the name of a function of expressions"));
        }
        if taken.contains(&text) {
            let message = format!("{what} \"{text}\": symbols, buffers and scalars need different names");
            return self.fail(name, message);
        }
        Ok(text)
    }

    fn shapes(&self, table: &Spanned<Shapes>) -> Result<BTreeMap<String, Shape>, TaskError> {
        let mut shapes: BTreeMap<String, Shape> = BTreeMap::new();
        for (name, entries) in table.get_ref() {
            let mut shape = Shape::new();
            for (symbol, value) in entries {
                let text = self.new_name("symbol", symbol, &[])?;
                if *value.get_ref() < 1 {
                    return self.fail(value, format!("{text} = {} is not at least 1", value.get_ref()));
                }
                shape.insert(text, *value.get_ref());
            }
            if let Some((other, first)) = shapes.first_key_value()
                && !first.keys().eq(shape.keys())
            {
                let list = |s: &Shape| s.keys().cloned().collect::<Vec<String>>().join(", ");
                let message = format!(
                    "shape \"{}\" gives {} and shape \"{other}\" gives {}: every shape needs the same symbols",
                    name.get_ref(),
                    list(&shape),
                    list(first)
                );
                return self.fail(name, message);
            }
            shapes.insert(name.get_ref().clone(), shape);
        }
        if shapes.is_empty() {
            return self.fail(table, "[shapes] has no shape");
        }
        Ok(shapes)
    }

    fn expression<V>(&self, at: &Spanned<V>, key: &str, value: &Integer, symbols: &[&str]) -> Result<Expr, TaskError> {
        match value {
            Integer::Number(number) => Ok(Expr::number(*number)),
            Integer::Text(text) => match Expr::parse(text, symbols) {
                Ok(expr) => Ok(expr),
                Err(e) => {
                    let column = text[..e.offset].chars().count() + 1;
                    self.fail(at, format!("{key} = \"{text}\": character {column}: {e}"))
                }
            },
        }
    }

    fn buffer(
        &self,
        entry: &BufferEntry,
        symbols: &[&str],
        shapes: &BTreeMap<String, Shape>,
    ) -> Result<Buffer, TaskError> {
        let dims = entry.dims.get_ref();
        if dims.is_empty() || dims.len() > MAX_DIMS {
            return self.fail(&entry.dims, format!("dims has {} extents; 1 to {MAX_DIMS} are allowed", dims.len()));
        }
        let dims =
            dims.iter().map(|d| self.expression(d, "dims", d.get_ref(), symbols)).collect::<Result<Vec<_>, _>>()?;
        let name = entry.name.get_ref().clone();
        let fill = match (&entry.fill, entry.role) {
            (Some(fill), Role::Output) => {
                return self.fail(fill, "fill is for input and inout: an output is uninitialised at first");
            }
            (None, Role::Input | Role::Inout) => {
                return self.fail(&entry.name, format!("buffer \"{name}\" needs fill: what does it hold at first?"));
            }
            (None, Role::Output) => None,
            (Some(fill), _) => Some(self.fill(fill, entry.dtype, symbols, shapes)?),
        };
        let buffer = Buffer { name, role: entry.role, dtype: entry.dtype, dims, fill };
        for (shape_name, shape) in shapes {
            if let Err(message) = buffer.bytes(shape) {
                return self
                    .fail(&entry.dims, format!("dims of \"{}\", shape \"{shape_name}\": {message}", buffer.name));
            }
        }
        Ok(buffer)
    }

    fn fill(
        &self,
        table: &Spanned<FillTable>,
        dtype: Dtype,
        symbols: &[&str],
        shapes: &BTreeMap<String, Shape>,
    ) -> Result<BufferFill, TaskError> {
        let fits = |value: f64| dtype.integers().is_none_or(|range| whole_within(value, range));
        let fill = match table.get_ref() {
            FillTable::Normal { .. } | FillTable::Uniform { .. } if !dtype.is_float() => {
                let message = format!("{} takes fill kind \"integers\" or \"constant\" only", dtype.as_str());
                return self.fail(table, message);
            }
            FillTable::Normal { mean, std } if mean.is_finite() && std.is_finite() && *std > 0.0 => {
                BufferFill::Normal { mean: *mean, std: *std }
            }
            FillTable::Normal { mean, std } => {
                let message = format!("fill: mean = {mean}, std = {std}: both must be finite, and std above 0");
                return self.fail(table, message);
            }
            FillTable::Uniform { low, high } if low.is_finite() && high.is_finite() && low < high => {
                BufferFill::Uniform { low: *low, high: *high }
            }
            FillTable::Uniform { low, high } => {
                return self.fail(table, format!("fill: low = {low} must be below high = {high}"));
            }
            FillTable::Constant { value } if value.is_finite() && fits(*value) => {
                BufferFill::Constant { value: *value }
            }
            FillTable::Constant { value } => {
                return self.fail(table, format!("fill: value = {value} is no {}", dtype.as_str()));
            }
            FillTable::Integers { low, high } => {
                let low = self.expression(table, "low", low, symbols)?;
                let high = self.expression(table, "high", high, symbols)?;
                for (name, shape) in shapes {
                    let value = |expr: &Expr| expr.value(&|symbol| shape.get(symbol).copied());
                    let (least, greatest) = match (value(&low), value(&high)) {
                        (Ok(low), Ok(high)) => (low, high),
                        (Err(e), _) | (_, Err(e)) => return self.fail(table, format!("fill: shape \"{name}\": {e}")),
                    };
                    let within = dtype.integers().is_none_or(|(from, to)| from <= least && greatest <= to);
                    if least > greatest || !within {
                        let message = format!(
                            "fill: shape \"{name}\": low = {least}, high = {greatest} is no range of {}",
                            dtype.as_str()
                        );
                        return self.fail(table, message);
                    }
                }
                BufferFill::Integers { low, high }
            }
        };
        Ok(fill)
    }

    fn scalar(&self, entry: &ScalarEntry) -> Result<Scalar, TaskError> {
        let value = *entry.value.get_ref();
        if !value.is_finite() || entry.dtype.integers().is_some_and(|range| !whole_within(value, range)) {
            return self.fail(&entry.value, format!("value = {value} is no {}", entry.dtype.as_str()));
        }
        Ok(Scalar { name: entry.name.get_ref().clone(), dtype: entry.dtype, value })
    }

    fn known_shape<'s>(
        &self,
        name: &Spanned<String>,
        shapes: &'s BTreeMap<String, Shape>,
    ) -> Result<&'s Shape, TaskError> {
        match shapes.get(name.get_ref()) {
            Some(shape) => Ok(shape),
            None => {
                let known: Vec<&str> = shapes.keys().map(String::as_str).collect();
                let message = format!("\"{}\" is not a shape; known: {}", name.get_ref(), known.join(", "));
                self.fail(name, message)
            }
        }
    }

    fn check(
        &self,
        table: &CheckTable,
        buffers: &[Buffer],
        shapes: &BTreeMap<String, Shape>,
    ) -> Result<CudaCheck, TaskError> {
        let mut chosen: Vec<String> = Vec::new();
        for name in table.shapes.get_ref() {
            let shape = self.known_shape(name, shapes)?;
            if chosen.contains(name.get_ref()) {
                return self.fail(name, format!("shape \"{}\" is listed twice", name.get_ref()));
            }
            let large = |b: &&Buffer| b.bytes(shape).is_ok_and(|bytes| bytes > MAX_CHECK_BYTES);
            if let Some(buffer) = buffers.iter().find(large) {
                let message = format!(
                    "shape \"{}\": buffer \"{}\" has more than {} MiB, too many to check; choose a smaller shape",
                    name.get_ref(),
                    buffer.name,
                    MAX_CHECK_BYTES >> 20
                );
                return self.fail(name, message);
            }
            chosen.push(name.get_ref().clone());
        }
        let least = u32::try_from(chosen.len()).unwrap_or(u32::MAX);
        if least == 0 {
            return self.fail(&table.shapes, "shapes is empty: at least one shape has to be checked");
        }
        let trials = self.positive("trials", table.trials.as_ref(), DEFAULT_TRIALS.max(least), MAX_TRIALS)?;
        if let Some(given) = table.trials.as_ref().filter(|_| trials < least) {
            return self.fail(given, format!("trials = {trials}: {least} shapes need at least {least}"));
        }
        let floats = buffers.iter().any(|b| b.role.is_compared() && b.dtype.is_float());
        let tolerance = |key: &str, value: &Option<Spanned<f64>>| match value {
            None if floats => {
                self.fail(&table.shapes, format!("[check] needs {key}: there are floating-point outputs"))
            }
            None => Ok(0.0),
            Some(given) if !floats => {
                self.fail(given, format!("{key} has no meaning here: all outputs are integers and must be equal"))
            }
            Some(given) if given.get_ref().is_finite() && *given.get_ref() >= 0.0 => Ok(*given.get_ref()),
            Some(given) => self.fail(given, format!("{key} = {} is not a number from 0 on", given.get_ref())),
        };
        let (rtol, atol) = (tolerance("rtol", &table.rtol)?, tolerance("atol", &table.atol)?);
        let drawn = |b: &Buffer| matches!(b.fill, Some(BufferFill::Normal { .. } | BufferFill::Uniform { .. }));
        let stress = match &table.stress {
            None if buffers.iter().any(drawn) => Stress::ALL.to_vec(),
            None => Vec::new(),
            Some(given) => {
                let list = given.get_ref();
                if let Some(twice) = list.iter().enumerate().find(|(i, s)| list[..*i].contains(s)) {
                    return self.fail(given, format!("stress \"{}\" is listed twice", twice.1.as_str()));
                }
                list.clone()
            }
        };
        Ok(CudaCheck { shapes: chosen, trials, rtol, atol, stress })
    }

    fn measure(
        &self,
        table: &MeasureTable,
        symbols: &[&str],
        shapes: &BTreeMap<String, Shape>,
    ) -> Result<CudaMeasure, TaskError> {
        let shape = self.known_shape(&table.shape, shapes)?;
        let amount = |key: &str, given: &Spanned<Integer>, least: i64| {
            let expr = self.expression(given, key, given.get_ref(), symbols)?;
            match expr.value(&|symbol| shape.get(symbol).copied()) {
                Ok(value) if value >= least => Ok(expr),
                Ok(value) => self.fail(given, format!("{key} is {value}, at least {least} is needed")),
                Err(message) => self.fail(given, format!("{key}: {message}")),
            }
        };
        Ok(CudaMeasure {
            shape: table.shape.get_ref().clone(),
            bytes: amount("bytes", &table.bytes, 1)?,
            flops: amount("flops", &table.flops, 0)?,
            peak: table.peak,
        })
    }
}

/// True for a whole number within an integer type's range.
fn whole_within(value: f64, (least, greatest): (i64, i64)) -> bool {
    value.fract() == 0.0 && value >= least as f64 && value <= greatest as f64
}
