//! Reads `task.toml` strictly: an unknown key, a missing file or an inconsistent value is an error that names file, line and key.

mod cuda;
mod verilog;

use std::path::Path;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use toml::Spanned;

use super::{Task, TaskError, line_of};
use crate::candidate::digest;
use crate::target::TargetName;

/// The one key that decides how the others are read.
#[derive(Deserialize)]
struct Target {
    target: Spanned<String>,
}

/// Reads the task in a folder.
pub fn load(dir: &Path) -> Result<Task, TaskError> {
    let file = dir.join("task.toml");
    let text = read(&file)?;
    let reader = Reader { dir, file: &file, text: &text };
    let Target { target } = reader.parse()?;
    match TargetName::ALL.into_iter().find(|t| t.as_str() == target.get_ref()) {
        Some(TargetName::Verilog) => reader.verilog(reader.parse()?),
        Some(TargetName::Cuda) => reader.cuda(reader.parse()?),
        None => {
            let known = TargetName::ALL.map(TargetName::as_str).join(", ");
            reader.fail(&target, format!("target = \"{}\" is not known; known: {known}", target.get_ref()))
        }
    }
}

fn read(file: &Path) -> Result<String, TaskError> {
    std::fs::read_to_string(file)
        .map_err(|e| TaskError::File { file: file.to_path_buf(), message: format!("cannot be read: {e}") })
}

struct Reader<'a> {
    dir: &'a Path,
    file: &'a Path,
    text: &'a str,
}

impl Reader<'_> {
    fn fail<T, V>(&self, at: &Spanned<V>, message: impl Into<String>) -> Result<T, TaskError> {
        Err(TaskError::At {
            file: self.file.to_path_buf(),
            line: line_of(self.text, at.span().start),
            message: message.into(),
        })
    }

    fn identifier(&self, key: &str, value: &Spanned<String>) -> Result<String, TaskError> {
        let name = value.get_ref();
        let head = name.chars().next().is_some_and(|c| c.is_ascii_alphabetic() || c == '_');
        if head && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') {
            return Ok(name.clone());
        }
        self.fail(value, format!("{key} = \"{name}\" is not an identifier"))
    }

    fn positive(&self, key: &str, value: Option<&Spanned<u32>>, default: u32, max: u32) -> Result<u32, TaskError> {
        let Some(value) = value else { return Ok(default) };
        let number = *value.get_ref();
        if (1..=max).contains(&number) {
            return Ok(number);
        }
        self.fail(value, format!("{key} = {number} is outside 1..={max}"))
    }

    /// Reads the whole file as a table; the error names the line.
    fn parse<T: DeserializeOwned>(&self) -> Result<T, TaskError> {
        toml::from_str(self.text).map_err(|e| {
            let line = e.span().map_or(1, |span| line_of(self.text, span.start));
            let message = e.message().replace('\n', "; ");
            TaskError::At { file: self.file.to_path_buf(), line, message }
        })
    }

    /// What every target's manifest begins with.
    fn header(&self, name: &Spanned<String>, operation: &Spanned<String>) -> Result<(), TaskError> {
        let folder = std::fs::canonicalize(self.dir).ok().and_then(|p| Some(p.file_name()?.to_str()?.to_string()));
        if folder.as_deref() != Some(name.get_ref().as_str()) {
            let folder = folder.unwrap_or_default();
            return self
                .fail(name, format!("name = \"{}\" differs from the folder's name \"{folder}\"", name.get_ref()));
        }
        self.identifier("operation", operation).or_else(|e| {
            if operation.get_ref().chars().all(|c| c.is_ascii_alphanumeric() || c == '-') {
                Ok(String::new())
            } else {
                Err(e)
            }
        })?;
        Ok(())
    }

    /// The text of the reference, which every task needs.
    fn reference(&self, target: TargetName) -> Result<String, TaskError> {
        let name = target.file("reference");
        self.sibling(&name)?.ok_or_else(|| TaskError::File {
            file: self.dir.join(name),
            message: "is missing: every task needs its oracle, naive and obviously right, there".into(),
        })
    }

    /// Digest of the manifest and of the sources beside it.
    fn identity(&self, sources: &[Option<&str>]) -> String {
        let parts = std::iter::once(Some(self.text)).chain(sources.iter().copied());
        let digests: String = parts.map(|part| digest(part.unwrap_or(""))).collect();
        digest(&digests)
    }

    fn sibling(&self, name: &str) -> Result<Option<String>, TaskError> {
        let path = self.dir.join(name);
        if path.exists() { read(&path).map(Some) } else { Ok(None) }
    }
}
