//! The library: exemplars in `kernels/verilog/<operation>/<technique>.v`, each with the method that it shows and its tunables.

use std::collections::BTreeMap;
use std::path::Path;

use super::methods;
use crate::candidate::{self, Annotations, Tunable, digest};
use crate::search::history::{Candidate, History};
use crate::task::{Task, TaskError};

/// Points per exemplar that are offered at most.
const MAX_POINTS: usize = 64;

/// A kernel that shows a technique.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exemplar {
    /// Folder name.
    pub operation: String,
    /// File stem.
    pub technique: String,
    /// A name from the catalogue.
    pub method: String,
    /// Contracts that it can fulfil.
    pub contracts: Vec<String>,
    /// One line.
    pub summary: String,
    /// Tunables; the value in the source is the default.
    pub tunables: Vec<Tunable>,
    /// The text, a module named `kernel`.
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
    exemplars: Vec<Exemplar>,
}

impl Library {
    /// Reads the exemplars below `kernels/verilog`.
    pub fn load(kernels: &Path) -> Result<Self, TaskError> {
        let root = kernels.join("verilog");
        let mut exemplars = Vec::new();
        for operation in sorted(&root)? {
            if !operation.is_dir() {
                continue;
            }
            for file in sorted(&operation)? {
                if file.extension().is_some_and(|e| e == "v") {
                    exemplars.push(read(&file)?);
                }
            }
        }
        Ok(Self { exemplars })
    }

    /// The exemplars that fit a task.
    pub fn applicable<'a>(&'a self, task: &'a Task) -> impl Iterator<Item = &'a Exemplar> {
        let contract = task.verilog.contract.as_str();
        self.exemplars
            .iter()
            .filter(move |e| e.operation == task.operation && e.contracts.iter().any(|c| c == contract))
    }

    /// Everything that the library can still offer for a task: sources that the history does not hold.
    pub fn untried<'a>(&'a self, task: &'a Task, history: &History) -> Vec<Offer<'a>> {
        let mut offers: Vec<Offer<'a>> = Vec::new();
        for exemplar in self.applicable(task) {
            for point in exemplar.points() {
                let source = exemplar.instantiate(task, &point);
                let known =
                    history.with_digest(&digest(&source)).is_some() || offers.iter().any(|o| o.source == source);
                if !known {
                    offers.push(Offer { exemplar, point, source });
                }
            }
        }
        offers
    }

    /// The exemplar that a builtin candidate was made from.
    pub fn origin(&self, candidate: &Candidate) -> Option<&Exemplar> {
        let (operation, technique) = candidate.agent.strip_prefix("builtin:")?.split_once('/')?;
        self.exemplars.iter().find(|e| e.operation == operation && e.technique == technique)
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

fn read(file: &Path) -> Result<Exemplar, TaskError> {
    let whole = |message: String| TaskError::File { file: file.to_path_buf(), message };
    let source = std::fs::read_to_string(file).map_err(|e| whole(format!("cannot be read: {e}")))?;
    let at = |line, message| TaskError::At { file: file.to_path_buf(), line, message };
    let Annotations { operation, method, contracts, summary, tunables } =
        candidate::annotations(&source).map_err(|e| at(e.line, e.message))?;
    candidate::tuning(&source).map_err(|e| at(e.line, e.message))?;
    let name = |p: Option<&std::ffi::OsStr>| p.map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
    let folder = name(file.parent().and_then(Path::file_name));
    let operation = operation.ok_or_else(|| whole("has no `// @operation`".into()))?;
    if operation != folder {
        return Err(whole(format!("@operation {operation} differs from its folder's name {folder}")));
    }
    let method = method.ok_or_else(|| whole("has no `// @method`".into()))?;
    if methods::plan(&method).is_none() {
        let known: Vec<&str> = methods::names().collect();
        return Err(whole(format!("@method {method} is not in the catalogue; known: {}", known.join(", "))));
    }
    if contracts.is_empty() {
        return Err(whole("has no `// @contract`".into()));
    }
    if find_word(&source, "kernel").is_none() {
        return Err(whole("has no module named kernel".into()));
    }
    Ok(Exemplar {
        operation,
        technique: name(file.file_stem()),
        method,
        contracts,
        summary: summary.unwrap_or_default(),
        tunables,
        source,
    })
}

/// The place of the name after `module`, outside line comments.
fn find_word(source: &str, name: &str) -> Option<usize> {
    let mut offset = 0;
    for line in source.split_inclusive('\n') {
        let code = line.split("//").next().unwrap_or("");
        let mut from = 0;
        while let Some(at) = code[from..].find("module").map(|a| a + from) {
            from = at + "module".len();
            let rest = &code[from..];
            let word = rest.trim_start();
            let ends = word
                .strip_prefix(name)
                .is_some_and(|r| !r.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_'));
            if ends && rest.len() > word.len() {
                return Some(offset + from + rest.len() - word.len());
            }
        }
        offset += line.len();
    }
    None
}

impl Exemplar {
    /// The values in the text.
    pub fn default_point(&self) -> Point {
        candidate::tuning(&self.source).unwrap_or_default()
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
        points.truncate(MAX_POINTS);
        points
    }

    /// The candidate: the task's module name, its parameters and the point's values written into the text.
    pub fn instantiate(&self, task: &Task, point: &Point) -> String {
        let mut source = self.source.clone();
        if let Some(at) = find_word(&source, "kernel") {
            source.replace_range(at..at + "kernel".len(), &task.verilog.top);
        }
        for (name, value) in task.verilog.parameters.iter().chain(point) {
            if let Some(changed) = candidate::with_parameter(&source, name, *value) {
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
