//! The library: exemplars in `kernels/<target>/<operation>/<technique>.v` or `.cu`, each with the method that it shows and its tunables.

use std::collections::{BTreeMap, HashSet};
use std::path::{Path, PathBuf};

use super::methods;
use crate::candidate::{self, Annotations, Tunable, digest};
use crate::search::history::{Candidate, History};
use crate::target::TargetName;
use crate::task::{Task, TaskError, TaskKind};

/// Points that an exemplar may have: more cannot be searched one evaluation at a time, and hint at a mistake in the lists.
const MAX_POINTS: usize = 1024;

/// The module name of every Verilog exemplar.
const MODULE: &str = "kernel";

/// A kernel that shows a technique.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exemplar {
    /// Its language.
    pub target: TargetName,
    /// Folder name.
    pub operation: String,
    /// File stem.
    pub technique: String,
    /// A name from the catalogue.
    pub method: String,
    /// Contracts that a Verilog exemplar can fulfil.
    pub contracts: Vec<String>,
    /// One line.
    pub summary: String,
    /// Tunables; the value in the source is the default.
    pub tunables: Vec<Tunable>,
    /// The text; in Verilog a module named `kernel`.
    pub source: String,
}

/// Values of an exemplar's tunables.
pub type Point = BTreeMap<String, i64>;

/// An exemplar with a point, made into a candidate of a task.
#[derive(Debug, Clone)]
pub struct Offer<'a> {
    /// Where it comes from.
    pub exemplar: &'a Exemplar,
    /// Its tunables.
    pub point: Point,
    /// The candidate's source.
    pub source: String,
}

/// All exemplars.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Library {
    root: PathBuf,
    exemplars: Vec<Exemplar>,
}

impl Library {
    /// Reads the exemplars of all targets below `kernels`. A target without a folder has none.
    pub fn load(kernels: &Path) -> Result<Self, TaskError> {
        sorted(kernels)?;
        let mut exemplars = Vec::new();
        for target in TargetName::ALL {
            let root = kernels.join(target.as_str());
            let operations = if root.is_dir() { sorted(&root)? } else { Vec::new() };
            for operation in operations.iter().filter(|o| o.is_dir()) {
                for file in sorted(operation)? {
                    if file.extension().is_some_and(|e| e == target.extension()) {
                        exemplars.push(read(target, &file)?);
                    }
                }
            }
        }
        Ok(Self { root: kernels.to_path_buf(), exemplars })
    }

    /// Where an exemplar of this operation would have to be.
    pub fn folder(&self, target: TargetName, operation: &str) -> PathBuf {
        self.root.join(target.as_str()).join(operation)
    }

    /// The exemplars that fit a task.
    pub fn applicable<'a>(&'a self, task: &'a Task) -> impl Iterator<Item = &'a Exemplar> {
        let contract = task.verilog().map(|v| v.contract.as_str());
        let fits = move |e: &&Exemplar| contract.is_none_or(|contract| e.contracts.iter().any(|c| c == contract));
        self.exemplars.iter().filter(|e| e.target == task.target() && e.operation == task.operation).filter(fits)
    }

    /// Everything that the library can still offer for a task: sources that the history does not hold.
    pub fn untried<'a>(&'a self, task: &'a Task, history: &History) -> Vec<Offer<'a>> {
        let mut offers: Vec<Offer<'a>> = Vec::new();
        let mut known: HashSet<String> =
            history.steps.iter().filter_map(|s| Some(s.candidate.as_ref()?.digest.clone())).collect();
        for exemplar in self.applicable(task) {
            for point in exemplar.points() {
                let source = exemplar.instantiate(task, &point);
                // The task's own sources are in the history as well.
                if known.insert(digest(&source)) {
                    offers.push(Offer { exemplar, point, source });
                }
            }
        }
        offers
    }

    /// The exemplar that a builtin candidate was made from.
    pub fn origin(&self, target: TargetName, candidate: &Candidate) -> Option<&Exemplar> {
        let (operation, technique) = candidate.agent.strip_prefix("builtin:")?.split_once('/')?;
        let same = |e: &&Exemplar| e.target == target && e.operation == operation && e.technique == technique;
        self.exemplars.iter().find(same)
    }
}

fn sorted(folder: &Path) -> Result<Vec<std::path::PathBuf>, TaskError> {
    let entries = std::fs::read_dir(folder).map_err(|e| TaskError::File {
        file: folder.to_path_buf(),
        message: format!("cannot read the kernel library: {e}; --kernels names another folder"),
    })?;
    let mut paths: Vec<_> = entries.flatten().map(|e| e.path()).collect();
    paths.sort();
    Ok(paths)
}

fn read(target: TargetName, file: &Path) -> Result<Exemplar, TaskError> {
    let whole = |message: String| TaskError::File { file: file.to_path_buf(), message };
    let source = std::fs::read_to_string(file).map_err(|e| whole(format!("cannot be read: {e}")))?;
    let at = |line, message| TaskError::At { file: file.to_path_buf(), line, message };
    let Annotations { operation, method, contracts, summary, tunables, launches, .. } =
        candidate::annotations(target, &source).map_err(|e| at(e.line, e.message))?;
    candidate::tuning(target, &source).map_err(|e| at(e.line, e.message))?;
    let name = |p: Option<&std::ffi::OsStr>| p.map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
    let folder = name(file.parent().and_then(Path::file_name));
    let operation = operation.ok_or_else(|| whole("has no `// @operation`".into()))?;
    if operation != folder {
        return Err(whole(format!("@operation {operation} differs from its folder's name {folder}")));
    }
    let method = method.ok_or_else(|| whole("has no `// @method`".into()))?;
    if methods::plan(target, &method).is_none() {
        let known: Vec<&str> = methods::names(target).collect();
        return Err(whole(format!("@method {method} is not in the catalogue; known: {}", known.join(", "))));
    }
    let points = tunables.iter().fold(1usize, |n, t| n.saturating_mul(t.values.len()));
    if let Some(first) = tunables.first().filter(|_| points > MAX_POINTS) {
        return Err(at(
            first.line,
            format!("the tunables span {points} points, at most {MAX_POINTS} are allowed; shorten the lists"),
        ));
    }
    match target {
        TargetName::Verilog if contracts.is_empty() => return Err(whole("has no `// @contract`".into())),
        TargetName::Verilog if !declares_kernel(&source) => return Err(whole("has no module named kernel".into())),
        TargetName::Cuda if launches.is_empty() => return Err(whole("has no `// @launch`".into())),
        _ => {}
    }
    Ok(Exemplar {
        target,
        operation,
        technique: name(file.file_stem()),
        method,
        contracts,
        summary: summary.unwrap_or_default(),
        tunables,
        source,
    })
}

/// True if there is a Verilog module named `kernel`.
fn declares_kernel(source: &str) -> bool {
    let declares = |pair: [Token<'_>; 2]| pair[0].is_code("module") && pair[1].is_code(MODULE);
    let words: Vec<Token<'_>> = tokens(source).filter(|t| !t.text.trim().is_empty()).collect();
    words.windows(2).any(|w| declares([w[0], w[1]]))
}

/// A piece of Verilog: a word, a comment, a string, or a single other character.
#[derive(Debug, Clone, Copy)]
struct Token<'a> {
    text: &'a str,
    word: bool,
}

impl Token<'_> {
    fn is_code(&self, word: &str) -> bool {
        self.word && self.text == word
    }
}

/// Splits a source; the texts joined are the source again.
fn tokens(source: &str) -> impl Iterator<Item = Token<'_>> {
    let mut rest = source;
    std::iter::from_fn(move || {
        let first = rest.chars().next()?;
        let in_word = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '$';
        let word = first.is_ascii_alphabetic() || first == '_';
        let length = if word {
            rest.find(|c| !in_word(c))
        } else if rest.starts_with("//") {
            rest.find('\n')
        } else if let Some(comment) = rest.strip_prefix("/*") {
            comment.find("*/").map(|n| n + 4)
        } else if first == '"' {
            rest[1..].find(['"', '\n']).map(|n| n + 2)
        } else if first.is_ascii_digit() {
            // `4'hkernel` is no number, but `1kernel` must not be split into a word either.
            rest.find(|c| !in_word(c))
        } else {
            Some(first.len_utf8())
        };
        let (text, tail) = rest.split_at(length.unwrap_or(rest.len()));
        rest = tail;
        Some(Token { text, word })
    })
}

impl Exemplar {
    /// The values in the text.
    pub fn default_point(&self) -> Point {
        candidate::tuning(self.target, &self.source).unwrap_or_default()
    }

    /// All points, the default first, then by the number of tunables that differ from it.
    pub fn points(&self) -> Vec<Point> {
        let default = self.default_point();
        let mut points = vec![Point::new()];
        for tunable in &self.tunables {
            points = points
                .into_iter()
                .flat_map(|p| {
                    tunable.values.iter().map(move |v| {
                        let mut next = p.clone();
                        next.insert(tunable.name.clone(), *v);
                        next
                    })
                })
                .collect();
        }
        points.sort_by_key(|p| distance(self, p, &default));
        points
    }

    /// The candidate: the point's values written into the text, and for Verilog the task's module name and its parameters. The word
    /// `kernel` is replaced everywhere outside comments and strings, so that an exemplar may instantiate itself.
    pub fn instantiate(&self, task: &Task, point: &Point) -> String {
        let mut source = self.source.clone();
        let mut values = point.clone();
        if let TaskKind::Verilog(verilog) = &task.kind {
            let named = |t: Token<'_>| if t.is_code(MODULE) { verilog.top.clone() } else { t.text.to_string() };
            source = tokens(&self.source).map(named).collect();
            verilog.parameters.iter().for_each(|(name, value)| {
                values.entry(name.clone()).or_insert(*value);
            });
        }
        for (name, value) in &values {
            if let Some(changed) = candidate::with_parameter(self.target, &source, name, *value) {
                source = changed;
            }
        }
        source
    }
}

/// Tunables that differ, then how far apart their values are in their lists.
pub fn distance(exemplar: &Exemplar, a: &Point, b: &Point) -> (usize, usize) {
    let mut differing = 0;
    let mut apart = 0;
    for tunable in &exemplar.tunables {
        let index =
            |p: &Point| p.get(&tunable.name).and_then(|v| tunable.values.iter().position(|x| x == v)).unwrap_or(0);
        let gap = index(a).abs_diff(index(b));
        differing += usize::from(gap > 0);
        apart += gap;
    }
    (differing, apart)
}
