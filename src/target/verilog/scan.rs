//! Looks through a candidate's tokens for what it may not use, before any tool sees it.
//!
//! A candidate without system tasks cannot print, read files, stop the simulation or tell simulation from synthesis.

use crate::target::Reason;

/// System functions that only compute on their arguments.
const ALLOWED_SYSTEM: [&str; 4] = ["$clog2", "$signed", "$unsigned", "$bits"];
/// Directives that only change text within the file.
const ALLOWED_DIRECTIVES: [&str; 9] =
    ["define", "undef", "ifdef", "ifndef", "else", "elsif", "endif", "default_nettype", "timescale"];
/// Keywords of testbenches and of things that synthesis and simulation read differently.
const FORBIDDEN_WORDS: [&str; 21] = [
    "initial",
    "final",
    "force",
    "release",
    "deassign",
    "fork",
    "wait",
    "specify",
    "primitive",
    "bind",
    "program",
    "import",
    "export",
    "event",
    "real",
    "realtime",
    "time",
    "defparam",
    "tran",
    "tranif0",
    "tranif1",
];

/// Macros that only some of the tools define: whoever asks for them shows one tool another design. Anything else may be asked for
/// once the candidate has defined it.
const TOOL_MACROS: [&str; 12] = [
    "__ICARUS__",
    "__ICARUS_SYNTH__",
    "VERILATOR",
    "verilator",
    "verilator3",
    "VERILATOR_TIMING",
    "SYSTEMVERILOG",
    "coverage_block_off",
    "YOSYS",
    "SYNTHESIS",
    "SIMULATION",
    "FORMAL",
];
/// Words in comments by which synthesis reads another design than simulation.
const PRAGMAS: [&str; 4] = ["translate_off", "translate_on", "full_case", "parallel_case"];

/// The first forbidden thing, as reason and message with its line.
pub fn forbidden(source: &str) -> Option<(Reason, String)> {
    if let Some(at) =
        source.char_indices().find(|&(_, c)| c == '\u{fffd}' || (c.is_control() && !"\n\r\t\u{c}".contains(c)))
    {
        let line = source[..at.0].matches('\n').count() + 1;
        return Some((Reason::BadSource, format!("line {line}: not text: byte or character {:?}", at.1)));
    }
    Scanner { rest: source.char_indices().peekable(), source, line: 1, defined: Vec::new() }.run()
}

struct Scanner<'a> {
    rest: std::iter::Peekable<std::str::CharIndices<'a>>,
    source: &'a str,
    line: usize,
    /// Macros that the candidate has defined so far.
    defined: Vec<String>,
}

impl Scanner<'_> {
    fn next(&mut self) -> Option<(usize, char)> {
        let item = self.rest.next();
        if let Some((_, '\n')) = item {
            self.line += 1;
        }
        item
    }

    fn word(&mut self, start: usize) -> String {
        let mut end = start + 1;
        while let Some(&(at, c)) = self.rest.peek() {
            if !(c.is_ascii_alphanumeric() || c == '_' || c == '$') {
                break;
            }
            end = at + c.len_utf8();
            self.next();
        }
        self.source[start..end].to_string()
    }

    /// The plain word that follows on the same line, if there is one.
    fn next_word(&mut self) -> Option<String> {
        while self.rest.next_if(|&(_, c)| c == ' ' || c == '\t').is_some() {}
        let (at, _) = self.rest.next_if(|&(_, c)| c.is_ascii_alphabetic() || c == '_')?;
        Some(self.word(at))
    }

    /// What is wrong with a directive or macro use whose name has just been read.
    fn directive(&mut self, name: &str) -> Option<String> {
        // A user's own macro is fine: its text has been scanned where it was defined.
        if name.is_empty() || (DIRECTIVES.contains(&name) && !ALLOWED_DIRECTIVES.contains(&name)) {
            return Some(format!("directive `` `{name} ``"));
        }
        let subject = match name {
            "define" | "undef" | "ifdef" | "ifndef" | "elsif" => match self.next_word() {
                Some(word) => word,
                None => return Some(format!("directive `` `{name} `` without a plain name after it")),
            },
            _ => name.to_string(),
        };
        if TOOL_MACROS.contains(&subject.as_str()) || subject.starts_with("SV_COV_") {
            return Some(format!("macro `{subject}`: the design may not depend on the tool that reads it"));
        }
        match name {
            "define" => self.defined.push(subject),
            "ifdef" | "ifndef" | "elsif" if !self.defined.contains(&subject) => {
                return Some(format!("`` `{name} {subject} ``: `{subject}` is not defined above in this source"));
            }
            _ => {}
        }
        None
    }

    /// True at a backslash that only continues a macro on an indented next line: nothing can be pasted together by it.
    fn continues_line(&self, at: usize) -> bool {
        let rest = &self.source[at + 1..];
        rest.strip_prefix("\r\n").or_else(|| rest.strip_prefix('\n')).is_some_and(|next| next.starts_with([' ', '\t']))
    }

    fn skip_until(&mut self, end: &str) {
        while let Some((at, _)) = self.next() {
            if self.source[at..].starts_with(end) {
                for _ in 1..end.len() {
                    self.next();
                }
                return;
            }
        }
    }

    fn run(mut self) -> Option<(Reason, String)> {
        while let Some((at, c)) = self.next() {
            let line = self.line;
            let found = |what: String| Some((Reason::ForbiddenConstruct, format!("line {line}: {what}")));
            let here = &self.source[at..];
            match c {
                _ if here.starts_with("//") || here.starts_with("/*") => {
                    self.next();
                    self.skip_until(if here.starts_with("//") { "\n" } else { "*/" });
                    let end = self.rest.peek().map_or(self.source.len(), |&(end, _)| end);
                    let comment = self.source[at..end].to_ascii_lowercase();
                    if let Some(word) = PRAGMAS.iter().find(|p| comment.contains(**p)) {
                        return found(format!(
                            "`{word}` in a comment: synthesis and simulation must read the same design"
                        ));
                    }
                }
                _ if here.starts_with("(*") && !here.starts_with("(*)") => {
                    return found("attribute `(* … *)`: attributes steer the tools that judge the candidate".into());
                }
                '"' => return found("string: a candidate has nothing to print".into()),
                '\\' if self.continues_line(at) => {}
                '\\' => return found("escaped identifier: use plain names".into()),
                '$' => {
                    let word = self.word(at);
                    if !ALLOWED_SYSTEM.contains(&word.as_str()) {
                        return found(format!("`{word}`: only {} are allowed", ALLOWED_SYSTEM.join(", ")));
                    }
                }
                '`' => {
                    let word = self.word(at);
                    if let Some(what) = self.directive(word.trim_start_matches('`')) {
                        return found(what);
                    }
                }
                '#' if !here[1..].trim_start().starts_with('(') => {
                    return found("delay `#`: candidates are synthesised, and synthesis has no delays".into());
                }
                _ if c.is_ascii_alphabetic() || c == '_' => {
                    let word = self.word(at);
                    if FORBIDDEN_WORDS.contains(&word.as_str()) {
                        return found(format!("`{word}` is not allowed in a candidate"));
                    }
                }
                _ => {}
            }
        }
        None
    }
}

/// All directives that the tools know; anything else after a backtick is a macro of the candidate's own.
const DIRECTIVES: [&str; 22] = [
    "define",
    "undef",
    "ifdef",
    "ifndef",
    "else",
    "elsif",
    "endif",
    "default_nettype",
    "timescale",
    "include",
    "line",
    "resetall",
    "celldefine",
    "endcelldefine",
    "pragma",
    "begin_keywords",
    "end_keywords",
    "undefineall",
    "unconnected_drive",
    "nounconnected_drive",
    "__FILE__",
    "__LINE__",
];

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn clean_sources_pass() {
        for source in [
            "module m #(parameter W = 8) (input [W-1:0] a, output [W-1:0] y); assign y = $signed(a) >>> $clog2(W); endmodule",
            "`default_nettype none\n`define ADD(a, b) ((a) + (b))\nmodule m; /* initial $display */ // $finish\n endmodule",
            "`define SUM(a, b) \\\n    (a + b)\n`ifdef SUM\n`endif // synthesis is fine",
            "always @(*) x = a; adder #(.W(3)) u (.a(a)); wire initial_value; always @( * ) y = b;",
        ] {
            assert_eq!(forbidden(source), None, "{source}");
        }
    }

    #[test]
    fn every_forbidden_construct_is_named_with_its_line() {
        for (source, part) in [
            ("\ninitial x = 1;", "line 2: `initial`"),
            ("always @* $display;", "`$display`"),
            ("assign y = $test$plusargs;", "`$test$plusargs`"),
            ("`include x", "`include"),
            ("assign #5 y = a;", "delay"),
            ("always #1 clk = ~clk;", "delay"),
            ("wire \\a+b ;", "escaped"),
            ("x = \"PASS\";", "string"),
            ("(* keep *) wire a;", "attribute"),
            ("`define D display\n`` ", "directive"),
            ("`define P $\n`P", "`$`"),
            ("defparam u.W = 3;", "`defparam`"),
            ("`ifdef YOSYS\n`endif", "`YOSYS`"),
            ("`ifdef MINE\n`endif", "not defined above"),
            ("`ifdef `X\n`endif", "plain name"),
            ("`define __ICARUS__", "`__ICARUS__`"),
            ("x // synopsys full_case\n", "full_case"),
            ("x /* synthesis translate_off */", "translate_off"),
            ("`define D ini\\\ntial", "escaped"),
        ] {
            let (reason, message) = forbidden(source).unwrap_or_else(|| panic!("{source} passed"));
            assert_eq!(reason, Reason::ForbiddenConstruct);
            assert!(message.contains(part), "{source}: {message}");
        }
        assert_eq!(forbidden("module\0").unwrap().0, Reason::BadSource);
        assert_eq!(forbidden("\u{fffd}").unwrap().0, Reason::BadSource);
    }

    proptest! {
        #[test]
        fn any_text_is_scanned_without_panic(text in "([\"$`#\\\\(*/\n a-zé]|initial)*") {
            let _ = forbidden(&text);
        }
    }
}
