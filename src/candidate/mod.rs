//! A candidate's source text, its annotations (`// @…` lines) and its tunables.
//!
//! Knows nothing of tools. The format is described in `docs/tasks.md`.

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};

use crate::target::TargetName;

/// The largest source that is looked at, in bytes.
pub const MAX_SOURCE_BYTES: usize = 1 << 20;

/// One `// @tune NAME in [v, …]` line; in CUDA also `// @tune NAME = v in [v, …]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tunable {
    /// Parameter name.
    pub name: String,
    /// Allowed values, in the order given.
    pub values: Vec<i64>,
    /// CUDA: the value in the line itself.
    pub chosen: Option<i64>,
    /// 1-based line of the annotation.
    pub line: usize,
}

/// An annotation that only its target can read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Directive {
    /// What follows the annotation's name.
    pub text: String,
    /// 1-based line.
    pub line: usize,
    /// Characters before the text in its line.
    pub indent: usize,
}

/// What the `// @…` lines of a source say.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Annotations {
    /// `@operation`.
    pub operation: Option<String>,
    /// `@method`.
    pub method: Option<String>,
    /// `@contract`, comma-separated.
    pub contracts: Vec<String>,
    /// `@summary`.
    pub summary: Option<String>,
    /// `@tune` lines.
    pub tunables: Vec<Tunable>,
    /// CUDA: `@scratch` lines.
    pub scratch: Vec<Directive>,
    /// CUDA: `@launch` lines, in order.
    pub launches: Vec<Directive>,
}

/// An annotation that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {message}\n  grammar: {grammar}")]
pub struct AnnotationError {
    /// 1-based line.
    pub line: usize,
    /// What is wrong with it.
    pub message: String,
    /// What annotations of the target look like.
    pub grammar: &'static str,
}

const VERILOG_GRAMMAR: &str =
    "// @tune NAME in [1, 2, 4]   // @operation NAME   // @method NAME   // @contract NAME, NAME   // @summary TEXT";
const CUDA_GRAMMAR: &str =
    "// @tune NAME in [64, 128]   // @tune NAME = 128 in [64, 128]   // @scratch NAME DTYPE [EXTENT, …]
           // @launch KERNEL <<<GRID, BLOCK[, SHARED_BYTES]>>> (ARGUMENT, …) [cooperative] [cluster(X, Y, Z)]
           // @operation NAME   // @method NAME   // @summary TEXT";

/// What annotations of a target look like.
pub fn grammar(target: TargetName) -> &'static str {
    match target {
        TargetName::Verilog => VERILOG_GRAMMAR,
        TargetName::Cuda => CUDA_GRAMMAR,
    }
}

/// The SHA-256 of a text in lower-case hex: the identity of a source.
pub fn digest(text: &str) -> String {
    hex(&Sha256::digest(text.as_bytes()))
}

/// Lower-case hex.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

/// True for an identifier.
pub fn is_name(s: &str) -> bool {
    s.chars().next().is_some_and(|c| c.is_ascii_alphabetic() || c == '_')
        && s.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

fn is_slug(s: &str) -> bool {
    !s.is_empty() && s.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_')
}

/// Reads the annotations of a source. Lines that do not start with `// @` are ignored.
pub fn annotations(target: TargetName, source: &str) -> Result<Annotations, AnnotationError> {
    let mut found = Annotations::default();
    for (index, text) in source.lines().enumerate() {
        let line = index + 1;
        let error = |message: String| AnnotationError { line, message, grammar: grammar(target) };
        let Some(rest) = text.trim_start().strip_prefix("// @") else {
            continue;
        };
        let (word, value) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
        let lead = text.chars().count() - value.trim_start().chars().count();
        let value = value.trim();
        let directive = || Directive { text: value.to_string(), line, indent: lead };
        let once = |slot: &mut Option<String>, check: bool| -> Result<(), AnnotationError> {
            if value.is_empty() || !check {
                return Err(error(format!("`{value}` is not a value for @{word}")));
            }
            if slot.replace(value.to_string()).is_some() {
                return Err(error(format!("@{word} is given twice")));
            }
            Ok(())
        };
        match word {
            "operation" => once(&mut found.operation, is_slug(value))?,
            "method" => once(&mut found.method, is_slug(value))?,
            "summary" => once(&mut found.summary, true)?,
            "contract" if target == TargetName::Verilog => {
                for name in value.split(',').map(str::trim) {
                    if !is_slug(name) {
                        return Err(error(format!("`{name}` is not the name of a contract")));
                    }
                    found.contracts.push(name.to_string());
                }
            }
            "tune" => {
                let tunable = parse_tunable(target, value, line).map_err(error)?;
                if found.tunables.iter().any(|t| t.name == tunable.name) {
                    return Err(error(format!("@tune {} is given twice", tunable.name)));
                }
                found.tunables.push(tunable);
            }
            "scratch" if target == TargetName::Cuda => found.scratch.push(directive()),
            "launch" if target == TargetName::Cuda => found.launches.push(directive()),
            _ => return Err(error(format!("unknown annotation @{word}"))),
        }
    }
    Ok(found)
}

fn parse_tunable(target: TargetName, text: &str, line: usize) -> Result<Tunable, String> {
    let (name, list) = text.split_once(" in ").ok_or_else(|| format!("`{text}` is not NAME in [values]"))?;
    let (name, chosen) = match name.split_once('=') {
        Some((name, value)) if target == TargetName::Cuda => {
            let value = value.trim();
            let chosen = value.parse::<i64>().map_err(|_| format!("`{value}` is not an integer"))?;
            (name.trim(), Some(chosen))
        }
        _ => (name.trim(), None),
    };
    if !is_name(name) {
        return Err(format!("`{name}` is not a parameter name"));
    }
    let list = list
        .trim()
        .strip_prefix('[')
        .and_then(|l| l.strip_suffix(']'))
        .ok_or_else(|| format!("`{}` is not a list in brackets", list.trim()))?;
    let mut values = Vec::new();
    for item in list.split(',').map(str::trim) {
        let value: i64 = item.parse().map_err(|_| format!("`{item}` is not an integer"))?;
        if values.contains(&value) {
            return Err(format!("{value} is listed twice"));
        }
        values.push(value);
    }
    Ok(Tunable { name: name.to_string(), values, chosen, line })
}

/// Byte range and value of the default in `parameter NAME = <integer>`, which must stand on a line of its own.
fn parameter_default(source: &str, name: &str) -> Option<(std::ops::Range<usize>, i64)> {
    let mut start = 0;
    for line in source.split_inclusive('\n') {
        let code = line.split("//").next().unwrap_or("");
        if let Some(at) = code.find("parameter") {
            let rest = &code[at + "parameter".len()..];
            if let Some(eq) = rest.find('=') {
                let declared = rest[..eq].split_whitespace().next_back();
                if declared == Some(name) {
                    let value = &rest[eq + 1..];
                    let lead = value.len() - value.trim_start().len();
                    let text = value.trim_start();
                    let end =
                        text.char_indices().take_while(|&(i, c)| c.is_ascii_digit() || (i == 0 && c == '-')).count();
                    let from = start + at + "parameter".len() + eq + 1 + lead;
                    return text[..end].parse().ok().map(|v| (from..from + end, v));
                }
            }
        }
        start += line.len();
    }
    None
}

/// Byte range of what stands between name and list in the `@tune` line of that name.
fn tune_choice(source: &str, name: &str) -> Option<std::ops::Range<usize>> {
    let mut start = 0;
    for line in source.split_inclusive('\n') {
        if let Some(text) = line.trim_start().strip_prefix("// @tune")
            && text.starts_with(char::is_whitespace)
        {
            let text = text.trim_start();
            let from = start + line.len() - text.len() + name.len();
            if let Some(rest) = text.strip_prefix(name)
                && rest.starts_with(|c: char| c.is_whitespace() || c == '=')
            {
                return rest.find(" in ").map(|end| from..from + end);
            }
        }
        start += line.len();
    }
    None
}

/// The value that a parameter has in the text.
pub fn parameter(target: TargetName, source: &str, name: &str) -> Option<i64> {
    match target {
        TargetName::Verilog => parameter_default(source, name).map(|(_, value)| value),
        TargetName::Cuda => {
            let tunables = annotations(target, source).ok()?.tunables;
            let tunable = tunables.iter().find(|t| t.name == name)?;
            tunable.chosen.or_else(|| tunable.values.first().copied())
        }
    }
}

/// The source with a parameter set to `value`: in Verilog the default in `parameter NAME = …`, in CUDA the choice in
/// `@tune NAME = … in […]`. None if there is no such parameter.
pub fn with_parameter(target: TargetName, source: &str, name: &str, value: i64) -> Option<String> {
    let (range, new) = match target {
        TargetName::Verilog => (parameter_default(source, name)?.0, value.to_string()),
        TargetName::Cuda => (tune_choice(source, name)?, format!(" = {value}")),
    };
    let mut text = source.to_string();
    text.replace_range(range, &new);
    Some(text)
}

/// The values that the tunables of a source have in its text. An error if one is missing or not in its list.
pub fn tuning(target: TargetName, source: &str) -> Result<BTreeMap<String, i64>, AnnotationError> {
    let mut point = BTreeMap::new();
    for tunable in annotations(target, source)?.tunables {
        let error = |message| AnnotationError { line: tunable.line, message, grammar: grammar(target) };
        let (word, value) = match target {
            TargetName::Verilog => (
                "parameter",
                parameter(target, source, &tunable.name).ok_or_else(|| {
                    error(format!("@tune {0}: no line `parameter {0} = <integer>` in the source", tunable.name))
                })?,
            ),
            TargetName::Cuda => ("@tune", tunable.chosen.unwrap_or(tunable.values[0])),
        };
        if !tunable.values.contains(&value) {
            return Err(error(format!("{word} {} = {value} is not one of the values of its @tune line", tunable.name)));
        }
        point.insert(tunable.name, value);
    }
    Ok(point)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const VERILOG: TargetName = TargetName::Verilog;
    const CUDA: TargetName = TargetName::Cuda;
    const SOURCE: &str = "// @operation multiply\n// @method booth\n// @tune STAGES in [1, 2, 3]\nmodule kernel #(\n    parameter W = 8,\n    parameter integer STAGES = 2 // stages\n) (input a);\nendmodule\n";

    #[test]
    fn annotations_and_parameters_are_read() {
        let a = annotations(VERILOG, SOURCE).unwrap();
        assert_eq!(a.method.as_deref(), Some("booth"));
        assert_eq!(a.tunables[0].values, [1, 2, 3]);
        assert_eq!(parameter(VERILOG, SOURCE, "W"), Some(8));
        assert_eq!(tuning(VERILOG, SOURCE).unwrap()["STAGES"], 2);
    }

    #[test]
    fn setting_a_parameter_changes_its_default_and_nothing_else() {
        let changed = with_parameter(VERILOG, SOURCE, "STAGES", 3).unwrap();
        assert_eq!(changed, SOURCE.replace("STAGES = 2", "STAGES = 3"));
        assert_eq!(with_parameter(VERILOG, SOURCE, "NONE", 3), None);
    }

    #[test]
    fn errors_name_the_line() {
        for (text, line, part) in [
            ("\n// @tune A in 1,2", 2, "brackets"),
            ("// @tune A in [1, x]", 1, "`x`"),
            ("// @tune A in [1, 1]", 1, "twice"),
            ("// @launch f", 1, "@launch"),
            ("// @method", 1, "@method"),
        ] {
            let e = annotations(VERILOG, text).unwrap_err();
            assert_eq!(e.line, line, "{text}");
            assert!(e.message.contains(part), "{e}");
        }
        assert!(tuning(VERILOG, "// @tune A in [1, 2]\nmodule k; endmodule").is_err());
        assert!(tuning(VERILOG, "// @tune A in [1, 2]\n  parameter A = 3").is_err());
    }

    const KERNEL: &str = "// @operation sum\n  // @tune BLOCK in [128, 256]\n// @tune ITEMS = 4 in [2, 4]\n// @scratch p f32 [n]\n// @launch k <<<1, BLOCK>>> (x)\n";

    #[test]
    fn cuda_tunables_have_their_value_in_the_annotation() {
        let a = annotations(CUDA, KERNEL).unwrap();
        assert_eq!(a.scratch[0], Directive { text: "p f32 [n]".into(), line: 4, indent: 12 });
        assert_eq!((a.launches[0].text.as_str(), a.launches[0].line), ("k <<<1, BLOCK>>> (x)", 5));
        assert_eq!(tuning(CUDA, KERNEL).unwrap(), BTreeMap::from([("BLOCK".into(), 128), ("ITEMS".into(), 4)]));
        let changed = with_parameter(CUDA, KERNEL, "BLOCK", 256).unwrap();
        assert_eq!(changed, KERNEL.replace("BLOCK in", "BLOCK = 256 in"));
        assert_eq!(with_parameter(CUDA, &changed, "BLOCK", 128).unwrap(), KERNEL.replace("BLOCK in", "BLOCK = 128 in"));
        assert_eq!(with_parameter(CUDA, KERNEL, "ITEM", 2), None);
        assert_eq!(parameter(CUDA, &changed, "BLOCK"), Some(256));
        for (text, part) in [
            ("// @tune A = 3 in [1, 2]", "A = 3 is not one of the values"),
            ("// @tune A = x in [1, 2]", "`x` is not an integer"),
            ("// @tune A = 1", "is not NAME in [values]"),
            ("// @contract pipeline", "unknown annotation @contract"),
        ] {
            let e = tuning(CUDA, text).unwrap_err();
            assert!(e.to_string().contains(part) && e.to_string().contains("<<<GRID"), "{e}");
        }
    }

    proptest! {
        #[test]
        fn any_cuda_text_is_read_without_panic_and_a_value_that_is_set_is_there(
            text in "(// @(tune|launch|scratch)? ?[AW]? ?(= ?[0-9x]{1,2})? (in)? ?[\\[\\]0-9, é-]*\n|.*)*"
        ) {
            let _ = tuning(CUDA, &text);
            if annotations(CUDA, &text).is_ok_and(|a| a.tunables.iter().any(|t| t.name == "A")) {
                let changed = with_parameter(CUDA, &text, "A", 7).unwrap();
                prop_assert_eq!(parameter(CUDA, &changed, "A"), Some(7));
            }
        }

        #[test]
        fn any_text_is_read_without_panic(text in "(// @(tune|method|operation)? ?[A-Za-z]* ?(in)? ?[\\[\\]0-9, x-]*\n|parameter [A-Z] =[ 0-9é-]*|.*)*") {
            let _ = tuning(VERILOG, &text);
            for name in ["A", "W"] {
                if let Some(changed) = with_parameter(VERILOG, &text, name, 7) {
                    prop_assert_eq!(parameter(VERILOG, &changed, name), Some(7));
                }
            }
        }
    }
}
