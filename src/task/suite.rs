//! A suite: a named list of tasks in `tasks/suites/<name>.toml`.

use std::path::PathBuf;

use serde::Deserialize;
use toml::Spanned;

use super::{TaskError, TaskRoot, line_of};

/// A list of tasks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Suite {
    /// Its name.
    pub name: String,
    /// One line.
    pub summary: String,
    /// Task ids, in order.
    pub tasks: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    summary: String,
    tasks: Vec<Spanned<String>>,
}

/// Loads a suite by name or by path. The tasks' folders must exist; whether they are sound shows when they are run.
pub fn load(root: &TaskRoot, name: &str) -> Result<Suite, TaskError> {
    let given = PathBuf::from(name);
    let path = if given.is_file() { given } else { root.0.join("suites").join(format!("{name}.toml")) };
    let text = std::fs::read_to_string(&path).map_err(|_| {
        TaskError::NotFound(format!(
            "no suite `{name}`: {} does not exist; known: {}",
            path.display(),
            names(root).join(", ")
        ))
    })?;
    let at =
        |offset: usize, message: String| TaskError::At { file: path.clone(), line: line_of(&text, offset), message };
    let file: File =
        toml::from_str(&text).map_err(|e| at(e.span().map_or(0, |s| s.start), e.message().replace('\n', "; ")))?;
    if file.tasks.is_empty() {
        return Err(at(0, "the suite has no tasks".into()));
    }
    let mut tasks: Vec<String> = Vec::new();
    for task in file.tasks {
        let start = task.span().start;
        let id = task.into_inner();
        if !root.0.join(&id).join("task.toml").is_file() {
            return Err(at(start, format!("task \"{id}\" has no task.toml under {}", root.0.display())));
        }
        if tasks.contains(&id) {
            return Err(at(start, format!("task \"{id}\" is listed twice")));
        }
        tasks.push(id);
    }
    let name = path.file_stem().map(|s| s.to_string_lossy().into_owned()).unwrap_or_default();
    Ok(Suite { name, summary: file.summary, tasks })
}

/// The names of the suites under a root.
pub fn names(root: &TaskRoot) -> Vec<String> {
    let mut names: Vec<String> = std::fs::read_dir(root.0.join("suites"))
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.strip_suffix(".toml").map(String::from))
        .collect();
    names.sort();
    names
}
