//! The difference of two sources, line by line, for pages and for Markdown.

use std::time::{Duration, Instant};

use serde::Serialize;
use similar::{Algorithm, ChangeTag, capture_diff_slices_deadline, group_diff_ops};

use super::highlight;

/// Lines of one difference that are shown; the rest is counted.
const MAX_LINES: usize = 1500;

/// Unchanged lines around a change.
const CONTEXT: usize = 3;

/// A difference that is worth looking at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// What is compared, for instance `#0 → #7`.
    pub title: String,
    /// Lines in order; a line of kind `gap` stands between the hunks.
    pub lines: Vec<Line>,
    /// Lines that were added.
    pub added: usize,
    /// Lines that were removed.
    pub removed: usize,
    /// Lines that are not shown.
    pub omitted: usize,
}

/// One line of a difference.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Line {
    /// `add`, `del`, `same` or `gap`.
    pub kind: &'static str,
    /// `+`, `-`, a space, or `@`.
    pub sign: char,
    /// Its text.
    pub text: String,
    /// Its text in colours.
    pub html: String,
}

impl Difference {
    /// Compares two sources. Limits its time: two hostile texts of a megabyte must not hold up a report.
    pub fn new(title: String, old: &str, new: &str) -> Self {
        let (before, after): (Vec<&str>, Vec<&str>) = (split(old), split(new));
        let (before_html, after_html) = (highlight::lines(old), highlight::lines(new));
        let deadline = Some(Instant::now() + Duration::from_secs(2));
        let ops = capture_diff_slices_deadline(Algorithm::Myers, &before, &after, deadline);
        let mut found = Self { title, lines: Vec::new(), added: 0, removed: 0, omitted: 0 };
        for group in group_diff_ops(ops, CONTEXT) {
            let start = group.first().map_or((0, 0), |op| (op.old_range().start + 1, op.new_range().start + 1));
            let text = format!("@ line {} → line {} @@", start.0, start.1);
            found.push(Line { kind: "gap", sign: '@', html: highlight::escape(&text), text });
            for op in &group {
                for change in op.iter_changes(before.as_slice(), after.as_slice()) {
                    let (kind, sign, html) = match change.tag() {
                        ChangeTag::Delete => ("del", '-', change.old_index().and_then(|i| before_html.get(i))),
                        ChangeTag::Insert => ("add", '+', change.new_index().and_then(|i| after_html.get(i))),
                        ChangeTag::Equal => ("same", ' ', change.new_index().and_then(|i| after_html.get(i))),
                    };
                    match kind {
                        "del" => found.removed += 1,
                        "add" => found.added += 1,
                        _ => {}
                    }
                    let html = html.cloned().unwrap_or_default();
                    found.push(Line { kind, sign, text: change.value().to_string(), html });
                }
            }
        }
        found
    }

    fn push(&mut self, line: Line) {
        if self.lines.len() < MAX_LINES {
            self.lines.push(line);
        } else {
            self.omitted += 1;
        }
    }
}

/// Lines as the highlighter counts them; a newline at the end begins no further line.
fn split(text: &str) -> Vec<&str> {
    let mut lines: Vec<&str> = text.split('\n').collect();
    if lines.last() == Some(&"") {
        lines.pop();
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changed_lines_are_signed_and_counted() {
        let d = Difference::new("t".into(), "a\nb\nc\n", "a\nwire\nc\n");
        let text: Vec<String> = d.lines.iter().skip(1).map(|l| format!("{}{}", l.sign, l.text)).collect();
        assert_eq!(text, [" a", "-b", "+wire", " c"]);
        assert_eq!((d.added, d.removed, d.omitted), (1, 1, 0));
        assert_eq!(d.lines[3].html, "<i class=k>wire</i>");
    }

    #[test]
    fn equal_texts_have_no_lines_and_long_ones_are_cut() {
        assert!(Difference::new(String::new(), "a\n", "a\n").lines.is_empty());
        let d = Difference::new(String::new(), "", &"x\n".repeat(5000));
        assert_eq!((d.lines.len(), d.added), (MAX_LINES, 5000));
        assert_eq!(d.omitted, 3501);
    }
}
