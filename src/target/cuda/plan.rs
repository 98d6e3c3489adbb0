//! The launch plan of a CUDA candidate: its `@tune`, `@scratch` and `@launch` lines, read against the task.
//!
//! [`LaunchPlan::parse`] needs no shape; [`LaunchPlan::resolve`] puts the symbols of one in and holds the result against the
//! limits of CUDA. What a kernel's parameters are is not known here: whether the arguments fit them shows after compilation.

use std::collections::BTreeMap;

use crate::candidate::{self, Directive};
use crate::target::TargetName;
use crate::task::CudaTask;
use crate::task::cuda::{Dtype, MAX_BYTES, MAX_CHECK_BYTES, Shape, bytes, extents};
use crate::task::integer::{Expr, ExprError, FUNCTIONS, unknown_name};

/// Threads of a block.
const MAX_BLOCK: u64 = 1024;
/// Greatest extents of a block.
const MAX_BLOCK_EXTENTS: [i64; 3] = [1024, 1024, 64];
/// Greatest extents of a grid.
const MAX_GRID_EXTENTS: [i64; 3] = [i32::MAX as i64, 65_535, 65_535];
/// Dynamic shared memory of a block in bytes, the most that any device has; the occupancy model knows each device's own.
const MAX_SHARED: i64 = 227 << 10;
/// Blocks of a cluster.
const MAX_CLUSTER: u64 = 8;
/// Launches of a candidate.
const MAX_LAUNCHES: usize = 256;
/// Scratch arrays of a candidate.
const MAX_SCRATCH: usize = 64;

/// What may follow the arguments of a launch.
const MODIFIERS: [&str; 2] = ["cooperative", "cluster"];

/// The annotations of a candidate, read against its task.
#[derive(Debug, Clone, PartialEq)]
pub struct LaunchPlan {
    /// Chosen values, which reach the source as macros.
    pub tunables: BTreeMap<String, i64>,
    /// Scratch arrays in order.
    pub scratch: Vec<Scratch>,
    /// Launches in order, at least one.
    pub launches: Vec<PlannedLaunch>,
}

/// Uninitialised device memory that a candidate asks for.
#[derive(Debug, Clone, PartialEq)]
pub struct Scratch {
    /// Name.
    pub name: String,
    /// Type of its elements.
    pub dtype: Dtype,
    /// Extents over symbols and tunables.
    pub dims: Vec<Expr>,
    /// 1-based line of the annotation.
    pub line: usize,
}

/// One launch, over symbols and tunables.
#[derive(Debug, Clone, PartialEq)]
pub struct PlannedLaunch {
    /// Name expression: the kernel's name, and its template arguments with the tunables' values put in.
    pub kernel: String,
    /// Blocks in x, y, z.
    pub grid: [Expr; 3],
    /// Threads of a block in x, y, z.
    pub block: [Expr; 3],
    /// Dynamic shared memory in bytes.
    pub shared: Expr,
    /// Arguments in order.
    pub args: Vec<Arg>,
    /// True if all blocks must be resident at once.
    pub cooperative: bool,
    /// Blocks of a cluster in x, y, z.
    pub cluster: Option<[Expr; 3]>,
    /// 1-based line of the annotation.
    pub line: usize,
}

/// An argument of a launch.
#[derive(Debug, Clone, PartialEq)]
pub enum Arg {
    /// Pointer to the buffer of that index in the task.
    Buffer(usize),
    /// Pointer to the scratch array of that index in the plan.
    Scratch(usize),
    /// Value of the scalar of that index in the task.
    Scalar(usize),
    /// An integer, as wide as the kernel's parameter.
    Integer(Expr),
}

/// A plan at a shape.
#[derive(Debug, Clone, PartialEq)]
pub struct Resolved {
    /// Name and bytes of the scratch arrays, in order.
    pub scratch: Vec<(String, u64)>,
    /// Launches in order.
    pub launches: Vec<ResolvedLaunch>,
}

/// A launch at a shape, within the limits of CUDA.
#[derive(Debug, Clone, PartialEq)]
pub struct ResolvedLaunch {
    /// Name expression.
    pub kernel: String,
    /// Blocks in x, y, z.
    pub grid: [u32; 3],
    /// Threads of a block in x, y, z.
    pub block: [u32; 3],
    /// Dynamic shared memory in bytes.
    pub shared: u32,
    /// Arguments in order.
    pub args: Vec<ResolvedArg>,
    /// True if all blocks must be resident at once.
    pub cooperative: bool,
    /// Blocks of a cluster in x, y, z; the grid is a multiple of it.
    pub cluster: Option<[u32; 3]>,
    /// 1-based line of the annotation.
    pub line: usize,
}

/// The value of an argument.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum ResolvedArg {
    /// Pointer to the buffer of that index in the task.
    Buffer(usize),
    /// Pointer to the scratch array of that index in the plan.
    Scratch(usize),
    /// An integer, as wide as the kernel's parameter.
    Integer(i64),
    /// A floating-point number, as wide as the kernel's parameter.
    Float(f64),
}

/// Why a source has no plan, or its plan is not possible at a shape.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {message}")]
pub struct PlanError {
    /// 1-based line of the source.
    pub line: usize,
    /// What is wrong and what was expected; for mistakes of form also the grammar.
    pub message: String,
}

impl LaunchPlan {
    /// Reads the annotations of a source.
    pub fn parse(task: &CudaTask, source: &str) -> Result<Self, PlanError> {
        let unread = |e: candidate::AnnotationError| with_grammar(e.line, &e.message);
        let annotations = candidate::annotations(TargetName::Cuda, source).map_err(unread)?;
        let tunables = candidate::tuning(TargetName::Cuda, source).map_err(unread)?;
        let too_many = |list: &[Directive], most: usize, what: &str| match list.get(most) {
            Some(first) => Err(with_grammar(first.line, &format!("more than {most} @{what} lines"))),
            None => Ok(()),
        };
        too_many(&annotations.scratch, MAX_SCRATCH, "scratch")?;
        too_many(&annotations.launches, MAX_LAUNCHES, "launch")?;

        let mut names = Names { task, tunables: &tunables, scratch: Vec::new() };
        for tunable in &annotations.tunables {
            if let Some(other) = names.of_task(&tunable.name) {
                let message = format!("@tune {0}: `{0}` is already the name of a {other}", tunable.name);
                return Err(with_grammar(tunable.line, &message));
            }
        }
        for directive in &annotations.scratch {
            let scratch = names.read_scratch(directive)?;
            names.scratch.push(scratch);
        }
        let launches = annotations.launches.iter().map(|d| names.read_launch(d)).collect::<Result<Vec<_>, _>>()?;
        let scratch = names.scratch;

        let Some(last) = launches.last() else {
            return Err(with_grammar(1, "the source has no `// @launch` line, so that nothing would run"));
        };
        let passed = |index: usize| launches.iter().any(|l| l.args.contains(&Arg::Buffer(index)));
        let unwritten = task.buffers.iter().enumerate().find(|(i, b)| b.role.is_compared() && !passed(*i));
        if let Some((_, buffer)) = unwritten {
            let role = buffer.role.as_str();
            let message = format!("{role} buffer `{}` is not an argument of any launch", buffer.name);
            return Err(with_grammar(last.line, &message));
        }
        Ok(Self { tunables, scratch, launches })
    }

    /// The sizes, launches and arguments at a shape of the task.
    pub fn resolve(&self, task: &CudaTask, shape: &Shape) -> Result<Resolved, PlanError> {
        let symbol = |name: &str| self.tunables.get(name).or_else(|| shape.get(name)).copied();
        let checked = task.check_shapes().any(|(_, s)| s == shape);
        let most = if checked { MAX_CHECK_BYTES } else { MAX_BYTES };
        let mut total = 0u64;
        let mut scratch = Vec::new();
        for array in &self.scratch {
            let error = |message: String| PlanError {
                line: array.line,
                message: format!("@scratch {} at {}: {message}", array.name, describe(shape)),
            };
            let size = extents(&array.dims, &symbol).and_then(|e| bytes(array.dtype, &e)).map_err(error)?;
            total = total.saturating_add(size);
            if total > most {
                let message = format!("all scratch so far is {total} bytes, at most {most} are allowed");
                return Err(error(message));
            }
            scratch.push((array.name.clone(), size));
        }
        let resolve = |launch: &PlannedLaunch| {
            launch.resolve(task, &symbol).map_err(|message| PlanError {
                line: launch.line,
                message: format!("@launch {} at {}: {message}", launch.kernel, describe(shape)),
            })
        };
        Ok(Resolved { scratch, launches: self.launches.iter().map(resolve).collect::<Result<_, _>>()? })
    }
}

impl PlannedLaunch {
    fn resolve(&self, task: &CudaTask, symbol: &dyn Fn(&str) -> Option<i64>) -> Result<ResolvedLaunch, String> {
        let grid = within("grid", &self.grid, MAX_GRID_EXTENTS, symbol)?;
        let block = within("block", &self.block, MAX_BLOCK_EXTENTS, symbol)?;
        let threads = product(block);
        if threads > MAX_BLOCK {
            return Err(format!("block {block:?} has {threads} threads, at most {MAX_BLOCK} are allowed"));
        }
        let wanted = self.shared.value(symbol)?;
        let shared = u32::try_from(wanted).ok().filter(|_| wanted <= MAX_SHARED).ok_or_else(|| {
            format!("dynamic shared memory `{}` is {wanted} bytes, expected 0 to {MAX_SHARED}", self.shared)
        })?;
        let cluster = match &self.cluster {
            None => None,
            Some(cluster) => {
                let cluster = within("cluster", cluster, MAX_GRID_EXTENTS, symbol)?;
                if product(cluster) > MAX_CLUSTER {
                    let blocks = product(cluster);
                    return Err(format!("cluster {cluster:?} has {blocks} blocks, at most {MAX_CLUSTER} are allowed"));
                }
                if grid.iter().zip(cluster).any(|(grid, cluster)| grid % cluster != 0) {
                    return Err(format!("grid {grid:?} is not a multiple of cluster {cluster:?}"));
                }
                Some(cluster)
            }
        };
        let value = |arg: &Arg| {
            Ok(match arg {
                Arg::Buffer(index) => ResolvedArg::Buffer(*index),
                Arg::Scratch(index) => ResolvedArg::Scratch(*index),
                Arg::Integer(expr) => ResolvedArg::Integer(expr.value(symbol)?),
                Arg::Scalar(index) => {
                    let scalar = task.scalars.get(*index).ok_or("the plan is one of another task")?;
                    if scalar.dtype.is_float() {
                        ResolvedArg::Float(scalar.value)
                    } else {
                        ResolvedArg::Integer(scalar.value as i64)
                    }
                }
            })
        };
        Ok(ResolvedLaunch {
            kernel: self.kernel.clone(),
            grid,
            block,
            shared,
            args: self.args.iter().map(value).collect::<Result<_, String>>()?,
            cooperative: self.cooperative,
            cluster,
            line: self.line,
        })
    }
}

/// Extents from 1 to `most`.
fn within(
    what: &str,
    extents: &[Expr; 3],
    most: [i64; 3],
    symbol: &dyn Fn(&str) -> Option<i64>,
) -> Result<[u32; 3], String> {
    let mut found = [1; 3];
    for (((slot, extent), most), axis) in found.iter_mut().zip(extents).zip(most).zip(["x", "y", "z"]) {
        let value = extent.value(symbol)?;
        let fits = u32::try_from(value).ok().filter(|_| (1..=most).contains(&value));
        *slot = fits.ok_or_else(|| format!("{what} {axis} `{extent}` is {value}, expected 1 to {most}"))?;
    }
    Ok(found)
}

fn product(extents: [u32; 3]) -> u64 {
    extents.iter().fold(1, |product, e| product.saturating_mul(u64::from(*e)))
}

/// "rows = 3, cols = 37".
fn describe(shape: &Shape) -> String {
    let entries: Vec<String> = shape.iter().map(|(name, value)| format!("{name} = {value}")).collect();
    entries.join(", ")
}

fn with_grammar(line: usize, message: &str) -> PlanError {
    PlanError { line, message: format!("{message}\n  grammar: {}", candidate::grammar(TargetName::Cuda)) }
}

/// Part of an annotation, without surrounding space.
#[derive(Debug, Clone, Copy)]
struct Piece<'a> {
    text: &'a str,
    /// Byte offset in the directive's text.
    at: usize,
}

impl<'a> Piece<'a> {
    fn of(directive: &'a Directive) -> Self {
        Self { text: directive.text.as_str(), at: 0 }
    }

    /// The bytes `from..to`, trimmed.
    fn part(self, from: usize, to: usize) -> Self {
        let text = &self.text[from..to];
        let lead = text.len() - text.trim_start().len();
        Self { text: text.trim(), at: self.at + from + lead }
    }

    fn from(self, from: usize) -> Self {
        self.part(from, self.text.len())
    }

    /// Splits at the commas outside parentheses; nothing at all has no parts.
    fn list(self) -> Vec<Self> {
        if self.text.is_empty() {
            return Vec::new();
        }
        let (mut parts, mut start, mut depth) = (Vec::new(), 0, 0usize);
        for (at, c) in self.text.char_indices() {
            match c {
                '(' => depth += 1,
                ')' => depth = depth.saturating_sub(1),
                ',' if depth == 0 => {
                    parts.push(self.part(start, at));
                    start = at + 1;
                }
                _ => {}
            }
        }
        parts.push(self.from(start));
        parts
    }

    /// If it begins with `(`: what is inside up to the `)` that belongs to it, and what follows.
    fn parenthesised(self) -> Option<(Self, Self)> {
        let mut depth = 0usize;
        for (at, c) in self.text.char_indices() {
            match c {
                '(' => depth += 1,
                _ if depth == 0 => return None,
                ')' if depth == 1 => return Some((self.part(1, at), self.from(at + 1))),
                ')' => depth -= 1,
                _ => {}
            }
        }
        None
    }
}

/// The names that annotations may use, and the scratch arrays that were read so far.
struct Names<'a> {
    task: &'a CudaTask,
    tunables: &'a BTreeMap<String, i64>,
    scratch: Vec<Scratch>,
}

impl Names<'_> {
    /// What a name stands for in the task or in expressions.
    fn of_task(&self, name: &str) -> Option<&'static str> {
        let task = self.task;
        if FUNCTIONS.contains(&name) {
            Some("function")
        } else if task.symbols().contains(&name) {
            Some("symbol")
        } else if task.buffers.iter().any(|b| b.name == name) {
            Some("buffer")
        } else if task.scalars.iter().any(|s| s.name == name) {
            Some("scalar")
        } else {
            None
        }
    }

    /// The names in integer expressions.
    fn integers(&self) -> Vec<&str> {
        self.task.symbols().into_iter().chain(self.tunables.keys().map(String::as_str)).collect()
    }

    fn expr(&self, directive: &Directive, piece: Piece<'_>) -> Result<Expr, PlanError> {
        Expr::parse(piece.text, &self.integers())
            .map_err(|ExprError { offset, message }| wrong(directive, piece.at + offset, &message))
    }

    /// One expression, or a tuple of two or three.
    fn three(&self, directive: &Directive, what: &str, piece: Piece<'_>) -> Result<[Expr; 3], PlanError> {
        let parts = match piece.parenthesised() {
            Some((inside, after)) if after.text.is_empty() => inside.list(),
            _ => vec![piece],
        };
        let one = || Expr::number(1);
        let read = |part: &Piece<'_>| self.expr(directive, *part);
        match parts.as_slice() {
            [x] => Ok([read(x)?, one(), one()]),
            [x, y] => Ok([read(x)?, read(y)?, one()]),
            [x, y, z] => Ok([read(x)?, read(y)?, read(z)?]),
            _ => {
                let message = format!("{what} needs one to three extents, {} given", parts.len());
                Err(wrong(directive, piece.at, &message))
            }
        }
    }

    /// `NAME DTYPE [EXTENT, …]`
    fn read_scratch(&self, directive: &Directive) -> Result<Scratch, PlanError> {
        let whole = Piece::of(directive);
        let Some(open) = whole.text.find('[') else {
            return Err(wrong(directive, whole.text.len(), "expected `[` and the extents"));
        };
        if !whole.text.ends_with(']') {
            return Err(wrong(directive, whole.text.len(), "expected `]` at the end"));
        }
        let head: Vec<&str> = whole.text[..open].split_whitespace().collect();
        let &[name, dtype] = head.as_slice() else {
            let message = format!("expected a name and a type before `[`, found `{}`", head.join(" "));
            return Err(wrong(directive, 0, &message));
        };
        if !candidate::is_name(name) {
            return Err(wrong(directive, 0, &format!("`{name}` is not an identifier")));
        }
        let other = self
            .of_task(name)
            .or_else(|| self.tunables.contains_key(name).then_some("tunable"))
            .or_else(|| self.scratch.iter().any(|s| s.name == name).then_some("scratch array"));
        if let Some(other) = other {
            return Err(wrong(directive, 0, &format!("`{name}` is already the name of a {other}")));
        }
        let dtype = Dtype::from_name(dtype).ok_or_else(|| {
            let at = whole.text[name.len()..].find(dtype).map_or(0, |at| name.len() + at);
            wrong(directive, at, &unknown_name(dtype, "type", &Dtype::ALL.map(Dtype::as_str)))
        })?;
        let inside = whole.part(open + 1, whole.text.len() - 1);
        let dims = inside.list().into_iter().map(|p| self.expr(directive, p)).collect::<Result<Vec<_>, _>>()?;
        if dims.is_empty() {
            return Err(wrong(directive, inside.at, "expected at least one extent"));
        }
        Ok(Scratch { name: name.to_string(), dtype, dims, line: directive.line })
    }

    /// `KERNEL <<<GRID, BLOCK[, SHARED_BYTES]>>> (ARGUMENT, …) [cooperative] [cluster(X, Y, Z)]`
    fn read_launch(&self, directive: &Directive) -> Result<PlannedLaunch, PlanError> {
        let whole = Piece::of(directive);
        let Some(open) = whole.text.find("<<<") else {
            return Err(wrong(directive, whole.text.len(), "expected `<<<GRID, BLOCK>>>` after the kernel"));
        };
        let Some(close) = whole.text[open..].find(">>>").map(|at| open + at) else {
            return Err(wrong(directive, whole.text.len(), "expected `>>>` after grid and block"));
        };
        let kernel = self.kernel(directive, whole.part(0, open))?;
        let configuration = whole.part(open + 3, close);
        let parts = configuration.list();
        let (grid, block, shared) = match *parts.as_slice() {
            [grid, block] => (grid, block, None),
            [grid, block, shared] => (grid, block, Some(shared)),
            _ => {
                let message = format!(
                    "expected GRID, BLOCK and perhaps SHARED_BYTES between `<<<` and `>>>`, found {} entries",
                    parts.len()
                );
                return Err(wrong(directive, configuration.at, &message));
            }
        };
        let after = whole.from(close + 3);
        let Some((arguments, modifiers)) = after.parenthesised() else {
            return Err(wrong(directive, after.at, "expected the arguments in parentheses after `>>>`"));
        };
        let args = arguments.list().into_iter().map(|p| self.argument(directive, p)).collect::<Result<_, _>>()?;
        let (cooperative, cluster) = self.modifiers(directive, modifiers)?;
        Ok(PlannedLaunch {
            kernel,
            grid: self.three(directive, "the grid", grid)?,
            block: self.three(directive, "the block", block)?,
            shared: shared.map_or_else(|| Ok(Expr::number(0)), |s| self.expr(directive, s))?,
            args,
            cooperative,
            cluster,
            line: directive.line,
        })
    }

    /// A kernel's name, perhaps with template arguments; tunables in them are replaced by their values.
    fn kernel(&self, directive: &Directive, piece: Piece<'_>) -> Result<String, PlanError> {
        let end = piece.text.find('<').unwrap_or(piece.text.len());
        let (name, arguments) = (piece.text[..end].trim_end(), &piece.text[end..]);
        if !name.split("::").all(candidate::is_name) {
            return Err(wrong(directive, piece.at, &format!("expected the name of a kernel, found `{name}`")));
        }
        if !arguments.is_empty() && !arguments.ends_with('>') {
            let message = "expected `>` at the end of the template arguments";
            return Err(wrong(directive, piece.at + piece.text.len(), message));
        }
        let in_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let mut kernel = name.to_string();
        let mut at = 0;
        while let Some(c) = arguments[at..].chars().next() {
            let rest = &arguments[at..];
            let word = &rest[..rest.find(|c| !in_word(c)).unwrap_or(rest.len())];
            let position = piece.at + end + at;
            if word.is_empty() {
                if !(c == ' ' || "<>(),:+-*/%&".contains(c)) {
                    return Err(wrong(directive, position, &format!("`{c}` is not allowed in template arguments")));
                }
                kernel.push(c);
                at += c.len_utf8();
                continue;
            }
            match self.tunables.get(word) {
                Some(value) if *value < 0 => kernel.push_str(&format!("({value})")),
                Some(value) => kernel.push_str(&value.to_string()),
                None if self.task.symbols().contains(&word) => {
                    let message = format!(
                        "`{word}` differs from shape to shape, so that no template argument can depend on it; expected integers, tunables or types"
                    );
                    return Err(wrong(directive, position, &message));
                }
                None => kernel.push_str(word),
            }
            at += word.len();
        }
        Ok(kernel)
    }

    fn argument(&self, directive: &Directive, piece: Piece<'_>) -> Result<Arg, PlanError> {
        let name = piece.text;
        let task = self.task;
        if let Some(index) = task.buffers.iter().position(|b| b.name == name) {
            return Ok(Arg::Buffer(index));
        }
        if let Some(index) = self.scratch.iter().position(|s| s.name == name) {
            return Ok(Arg::Scratch(index));
        }
        if let Some(index) = task.scalars.iter().position(|s| s.name == name) {
            return Ok(Arg::Scalar(index));
        }
        let integers = self.integers();
        if candidate::is_name(name) && !integers.contains(&name) {
            let buffers = task.buffers.iter().map(|b| b.name.as_str());
            let scratch = self.scratch.iter().map(|s| s.name.as_str());
            let scalars = task.scalars.iter().map(|s| s.name.as_str());
            let known: Vec<&str> = buffers.chain(scratch).chain(scalars).chain(integers).collect();
            return Err(wrong(directive, piece.at, &unknown_name(name, "argument", &known)));
        }
        self.expr(directive, piece).map(Arg::Integer)
    }

    /// `[cooperative] [cluster(X, Y, Z)]` in any order, each at most once.
    fn modifiers(&self, directive: &Directive, mut piece: Piece<'_>) -> Result<(bool, Option<[Expr; 3]>), PlanError> {
        let (mut cooperative, mut cluster) = (false, None);
        while !piece.text.is_empty() {
            let end = piece.text.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(piece.text.len());
            let word = &piece.text[..end];
            let after = piece.from(end);
            piece = match word {
                "cooperative" if !cooperative => {
                    cooperative = true;
                    after
                }
                "cluster" if cluster.is_none() => {
                    let Some((_, rest)) = after.parenthesised() else {
                        return Err(wrong(directive, after.at, "expected `(X, Y, Z)` after cluster"));
                    };
                    let tuple = after.part(0, after.text.len() - rest.text.len());
                    cluster = Some(self.three(directive, "the cluster", tuple)?);
                    rest
                }
                "" => {
                    let found = piece.text.chars().next().unwrap_or(' ');
                    let message = format!("expected cooperative, cluster(X, Y, Z) or the end, found `{found}`");
                    return Err(wrong(directive, piece.at, &message));
                }
                _ if MODIFIERS.contains(&word) => {
                    return Err(wrong(directive, piece.at, &format!("{word} is given twice")));
                }
                _ => return Err(wrong(directive, piece.at, &unknown_name(word, "modifier", &MODIFIERS))),
            };
        }
        Ok((cooperative, cluster))
    }
}

/// A mistake at a byte offset of a directive.
fn wrong(directive: &Directive, at: usize, message: &str) -> PlanError {
    let before = directive.text.char_indices().take_while(|(i, _)| *i < at).count();
    let column = directive.indent + before + 1;
    with_grammar(directive.line, &format!("column {column}: {message}"))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;

    use super::*;
    use crate::agent::builtin::Library;
    use crate::task::cuda::{Buffer, BufferFill, CudaCheck, CudaMeasure, Peak, Role, Scalar};
    use crate::task::{Task, TaskRoot};
    use proptest::prelude::*;

    fn buffer(name: &str, role: Role) -> Buffer {
        let dims = vec![Expr::parse("rows", &["rows"]).unwrap()];
        let fill = role.is_filled().then_some(BufferFill::Constant { value: 0.0 });
        Buffer { name: name.into(), role, dtype: Dtype::F32, dims, fill }
    }

    fn shape(rows: i64, cols: i64) -> Shape {
        Shape::from([("rows".to_string(), rows), ("cols".to_string(), cols)])
    }

    fn task() -> CudaTask {
        let scalar = |name: &str, dtype, value| Scalar { name: name.into(), dtype, value };
        CudaTask {
            shapes: BTreeMap::from([("tiny".into(), shape(3, 37)), ("default".into(), shape(4096, 8192))]),
            buffers: vec![buffer("x", Role::Input), buffer("y", Role::Output), buffer("state", Role::Inout)],
            scalars: vec![scalar("eps", Dtype::F32, 0.5), scalar("seed", Dtype::I32, 7.0)],
            check: CudaCheck { shapes: vec!["tiny".into()], trials: 1, rtol: 0.0, atol: 0.0, stress: Vec::new() },
            measure: CudaMeasure {
                shape: "default".into(),
                bytes: Expr::number(1),
                flops: Expr::number(1),
                peak: Peak::Fp32,
            },
        }
    }

    const HEAD: &str =
        "// @tune BLOCK = 64 in [128, 64]\n// @tune LOW in [-2]\n// @scratch part f16 [rows, BLOCK / 32]\n";

    /// The plan of `HEAD` with one more line at the end.
    fn with_line(line: &str) -> Result<LaunchPlan, PlanError> {
        LaunchPlan::parse(&task(), &format!("{HEAD}{line}\n"))
    }

    fn launch(text: &str) -> Result<LaunchPlan, PlanError> {
        with_line(&format!("// @launch {text}"))
    }

    #[test]
    fn a_plan_is_read_and_resolved() {
        let plan = launch(
            "ns::tile<BLOCK, LOW, float> <<<(ceil_div(cols, BLOCK), rows), (BLOCK, 1, 2), BLOCK * 4>>> (x, part, y, state, eps, seed, rows * 2, LOW) cluster(1, rows) cooperative",
        )
        .unwrap();
        assert_eq!(plan.tunables, BTreeMap::from([("BLOCK".into(), 64), ("LOW".into(), -2)]));
        let resolved = plan.resolve(&task(), &shape(3, 65)).unwrap();
        assert_eq!(resolved.scratch, [("part".to_string(), 3 * 2 * 2)]);
        use ResolvedArg::{Buffer, Float, Integer, Scratch};
        let expected = ResolvedLaunch {
            kernel: "ns::tile<64, (-2), float>".into(),
            grid: [2, 3, 1],
            block: [64, 1, 2],
            shared: 256,
            args: vec![Buffer(0), Scratch(0), Buffer(1), Buffer(2), Float(0.5), Integer(7), Integer(6), Integer(-2)],
            cooperative: true,
            cluster: Some([1, 3, 1]),
            line: 4,
        };
        assert_eq!(resolved.launches, [expected]);
        assert!(launch("f<<<(rows) * 2, (BLOCK)>>>(y, state)").is_ok());
    }

    #[test]
    fn mistakes_of_form_are_named_with_line_column_and_grammar() {
        for (line, part) in [
            ("// @launch f", "column 13: expected `<<<GRID, BLOCK>>>`"),
            ("// @launch f <<<1, 1", "column 21: expected `>>>`"),
            ("// @launch <<<1, 1>>> ()", "expected the name of a kernel, found ``"),
            ("// @launch f g <<<1, 1>>> ()", "found `f g`"),
            ("// @launch f <<<1>>> (y, state)", "column 17: expected GRID, BLOCK and perhaps SHARED_BYTES"),
            ("// @launch f <<<1, 1, 0, 0>>> (y)", "found 4 entries"),
            ("// @launch f <<<(1, 1, 1, 1), 1>>> (y)", "column 17: the grid needs one to three extents, 4 given"),
            ("// @launch f <<<1, BLOK>>> (y)", "column 20: `BLOK` is not a known symbol; did you mean `BLOCK`?"),
            ("// @launch f <<<1, 1>>> y", "column 25: expected the arguments in parentheses"),
            ("// @launch f <<<1, 1>>> )", "column 25: expected the arguments in parentheses"),
            ("// @launch f <<<1, 1>>> (y, stat)", "column 29: `stat` is not a known argument; did you mean `state`?"),
            ("// @launch f <<<1, 1>>> (y, , x)", "expected a number"),
            ("// @launch f <<<1, 1>>> (x + 1)", "column 26: `x` is not a known symbol"),
            ("// @launch f <<<1, 1>>> (y) coperative", "column 29: `coperative` is not a known modifier; did you mean"),
            ("// @launch f <<<1, 1>>> (y) cooperative cooperative", "cooperative is given twice"),
            ("// @launch f <<<1, 1>>> (y) cluster 2", "expected `(X, Y, Z)` after cluster"),
            ("// @launch f <<<1, 1>>> (y) ;", "found `;`"),
            ("// @launch f<rows> <<<1, 1>>> (y)", "column 14: `rows` differs from shape to shape"),
            ("// @launch f<1; <<<1, 1>>> (y)", "expected `>` at the end"),
            ("// @launch f<\"a\"> <<<1, 1>>> (y)", "not allowed in template arguments"),
            ("// @launch f <<<1, 1>>> (y)", "inout buffer `state` is not an argument of any launch"),
            ("", "no `// @launch` line"),
            ("// @scratch t f32", "column 18: expected `[`"),
            ("// @scratch t f32 [1", "expected `]`"),
            ("// @scratch t f32 []", "at least one extent"),
            ("// @scratch t f33 [1]", "column 15: `f33` is not a known type; did you mean `f32`?"),
            ("// @scratch t [1]", "expected a name and a type before `[`, found `t`"),
            ("// @scratch 9 f32 [1]", "`9` is not an identifier"),
            ("// @scratch x f32 [1]", "already the name of a buffer"),
            ("// @scratch eps f32 [1]", "already the name of a scalar"),
            ("// @scratch rows f32 [1]", "already the name of a symbol"),
            ("// @scratch BLOCK f32 [1]", "already the name of a tunable"),
            ("// @scratch part f32 [1]", "already the name of a scratch array"),
            ("// @scratch min f32 [1]", "already the name of a function"),
            ("// @tune cols in [1]", "@tune cols: `cols` is already the name of a symbol"),
            ("// @lunch f", "unknown annotation @lunch"),
        ] {
            let error = with_line(line).unwrap_err();
            assert!(error.message.contains(part) && error.message.contains("<<<GRID"), "{line}: {error}");
            assert_eq!(error.line, if line.is_empty() { 1 } else { 4 }, "{line}");
        }
        assert!(with_line(&"// @launch f <<<1, 1>>> (y, state)\n".repeat(300)).unwrap_err().message.contains("256"));
    }

    #[test]
    fn limits_are_held_at_every_shape() {
        for (text, part) in [
            (
                "<<<rows - 3, 1>>> (y, state)",
                "at cols = 37, rows = 3: grid x `rows - 3` is 0, expected 1 to 2147483647",
            ),
            ("<<<(1, 65536), 1>>> (y, state)", "grid y `65536` is 65536, expected 1 to 65535"),
            ("<<<4294967297, 1>>> (y, state)", "expected 1 to 2147483647"),
            ("<<<1, (1, 1, 65)>>> (y, state)", "block z `65` is 65, expected 1 to 64"),
            ("<<<1, (BLOCK, 17)>>> (y, state)", "has 1088 threads, at most 1024"),
            ("<<<1, 1, 227 * 1024 + 1>>> (y, state)", "is 232449 bytes, expected 0 to 232448"),
            ("<<<1, 1, -1>>> (y, state)", "is -1 bytes"),
            ("<<<1, 1>>> (y, state, 1 / (rows - 3))", "divides by zero"),
            ("<<<16, 1>>> (y, state) cluster(16)", "16 blocks, at most 8"),
            ("<<<3, 1>>> (y, state) cluster(2)", "is not a multiple of cluster"),
        ] {
            let error = launch(&format!("f {text}")).unwrap().resolve(&task(), &shape(3, 37)).unwrap_err();
            assert!(error.message.contains(part) && error.line == 4, "{text}: {error}");
        }
        assert!(launch("f <<<1, 1, 227 * 1024>>> (y, state)").unwrap().resolve(&task(), &shape(3, 37)).is_ok());

        let big = "// @scratch big u8 [50, 1024, 1024]\n// @scratch more u8 [15, 1024, 1024]\n// @launch f <<<1, 1>>> (y, state)";
        let plan = with_line(big).unwrap();
        let error = plan.resolve(&task(), &shape(3, 37)).unwrap_err();
        assert!(error.line == 5 && error.message.contains("at most 67108864"), "{error}");
        assert!(plan.resolve(&task(), &shape(4096, 8192)).is_ok());
        let plan = with_line("// @scratch none u8 [rows - 3]\n// @launch f <<<1, 1>>> (y, state)").unwrap();
        assert!(plan.resolve(&task(), &shape(3, 37)).unwrap_err().message.contains("at least 1 is needed"));
    }

    fn resolves_everywhere(task: &Task, what: &str, source: &str) {
        let cuda = task.cuda().unwrap();
        let plan = LaunchPlan::parse(cuda, source).unwrap_or_else(|e| panic!("{what}: {e}"));
        for (name, shape) in &cuda.shapes {
            let resolved = plan.resolve(cuda, shape).unwrap_or_else(|e| panic!("{what}, shape {name}: {e}"));
            assert_eq!(resolved.launches.len(), plan.launches.len());
        }
    }

    #[test]
    fn references_and_exemplars_resolve_at_all_shapes_and_points() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let tasks = TaskRoot(root.join("tasks"));
        let library = Library::load(&root.join("kernels")).unwrap();
        let mut seen = BTreeSet::new();
        for name in tasks.names().iter().filter(|name| name.starts_with("cuda/")) {
            let task = tasks.load(name).unwrap();
            assert_eq!(task.operation, task.name().replace('_', "-"));
            resolves_everywhere(&task, name, &task.reference);
            resolves_everywhere(&task, name, task.starting_source());
            for exemplar in library.applicable(&task) {
                let what = format!("{}/{}", exemplar.operation, exemplar.technique);
                for point in exemplar.points() {
                    let source = exemplar.instantiate(&task, &point);
                    let chosen = LaunchPlan::parse(task.cuda().unwrap(), &source).unwrap().tunables;
                    assert_eq!(chosen, point, "{what}");
                    resolves_everywhere(&task, &format!("{what} {point:?}"), &source);
                }
                seen.insert(what);
            }
        }
        let operations = std::fs::read_dir(root.join("kernels/cuda")).unwrap().flatten();
        let files = operations.flat_map(|o| std::fs::read_dir(o.path()).unwrap().flatten()).count();
        assert_eq!(seen.len(), files);
        assert!(files > 0);
    }

    proptest! {
        #[test]
        fn any_text_is_read_without_panic(
            lines in prop::collection::vec(
                "// @(launch|scratch|tune) ?([fx]|part|BLOCK|[<>]{1,3}|[(),\\[\\]]|rows|cluster|cooperative|f32|[-+*/1-9]|é| ){0,20}|\\PC{0,40}",
                0..4,
            )
        ) {
            if let Ok(plan) = LaunchPlan::parse(&task(), &format!("{HEAD}{}", lines.join("\n"))) {
                let _ = plan.resolve(&task(), &shape(3, 37));
            }
        }

        #[test]
        fn any_end_of_a_launch_is_read_without_panic(
            kernel in "f(<[A-Z0-9é, ()]{0,6}>?)?",
            grid in "[(]?[-a-z0-9(),*/ ]{0,12}[)]?",
            args in "[xy(), é0-9+]{0,10}",
            end in "(cluster ?[(]?[0-9, ]{0,5}[)]?|cooperative|é| ){0,3}",
            rows in any::<i64>(),
        ) {
            let line = format!("{kernel} <<<{grid}, BLOCK>>> (y, state, {args}) {end}");
            if let Ok(plan) = launch(&line) {
                let _ = plan.resolve(&task(), &shape(rows, 37));
            }
        }
    }
}
