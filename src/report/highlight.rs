//! Verilog in colours for HTML, line by line. Knows words, not grammar: any text comes out whole, with every character that means
//! something to HTML escaped.

/// Words of Verilog-2005 and of the SystemVerilog that the tools read.
const KEYWORDS: &[&str] = &[
    "always",
    "always_comb",
    "always_ff",
    "always_latch",
    "and",
    "assign",
    "automatic",
    "begin",
    "bit",
    "buf",
    "byte",
    "case",
    "casex",
    "casez",
    "const",
    "default",
    "defparam",
    "edge",
    "else",
    "end",
    "endcase",
    "endfunction",
    "endgenerate",
    "endmodule",
    "endpackage",
    "endtask",
    "enum",
    "event",
    "export",
    "extern",
    "for",
    "force",
    "forever",
    "fork",
    "function",
    "generate",
    "genvar",
    "if",
    "import",
    "initial",
    "inout",
    "input",
    "int",
    "integer",
    "join",
    "localparam",
    "logic",
    "longint",
    "module",
    "nand",
    "negedge",
    "nor",
    "not",
    "or",
    "output",
    "package",
    "packed",
    "parameter",
    "posedge",
    "real",
    "reg",
    "release",
    "repeat",
    "return",
    "shortint",
    "signed",
    "specify",
    "struct",
    "supply0",
    "supply1",
    "task",
    "time",
    "tri",
    "typedef",
    "union",
    "unique",
    "unsigned",
    "wait",
    "while",
    "wire",
    "xnor",
    "xor",
];

/// Escapes text for HTML. Control characters that a browser would drop or refuse become a visible replacement.
pub fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + text.len() / 8);
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            '\n' | '\t' => out.push(c),
            c if c.is_control() => out.push('\u{fffd}'),
            // Marks that reverse the direction of the text make source look like other source.
            '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}

/// What a piece of text is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Plain,
    Keyword,
    Number,
    Comment,
    Text,
    Directive,
}

impl Kind {
    fn class(self) -> Option<&'static str> {
        match self {
            Self::Plain => None,
            Self::Keyword => Some("k"),
            Self::Number => Some("n"),
            Self::Comment => Some("c"),
            Self::Text => Some("s"),
            Self::Directive => Some("d"),
        }
    }
}

/// The HTML of every line, split at `\n`; spans never cross a line.
pub fn lines(source: &str) -> Vec<String> {
    let mut inside_comment = false;
    source.split('\n').map(|line| line_html(line, &mut inside_comment)).collect()
}

fn line_html(line: &str, inside_comment: &mut bool) -> String {
    let mut out = String::new();
    let mut rest = line;
    while !rest.is_empty() {
        let (kind, length) =
            if *inside_comment { comment_end(rest, inside_comment) } else { token(rest, inside_comment) };
        // A token is never empty, and its end is a character's end; if either were wrong the rest is plain text.
        let (piece, after) = match rest.split_at_checked(length) {
            Some((piece, after)) if !piece.is_empty() => (piece, after),
            _ => (rest, ""),
        };
        match kind.class() {
            Some(class) => {
                out.push_str("<i class=");
                out.push_str(class);
                out.push('>');
                out.push_str(&escape(piece));
                out.push_str("</i>");
            }
            None => out.push_str(&escape(piece)),
        }
        rest = after;
    }
    out
}

/// Length up to the first character that does not satisfy `part`.
fn span(text: &str, part: impl Fn(char) -> bool) -> usize {
    text.find(|c| !part(c)).unwrap_or(text.len())
}

fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_' || c == '$'
}

fn comment_end(text: &str, inside_comment: &mut bool) -> (Kind, usize) {
    match text.find("*/") {
        Some(at) => {
            *inside_comment = false;
            (Kind::Comment, at + 2)
        }
        None => (Kind::Comment, text.len()),
    }
}

/// The kind and length in bytes of the first token of a text that is not empty.
fn token(text: &str, inside_comment: &mut bool) -> (Kind, usize) {
    if text.starts_with("//") {
        return (Kind::Comment, text.len());
    }
    if let Some(body) = text.strip_prefix("/*") {
        *inside_comment = true;
        let (kind, length) = comment_end(body, inside_comment);
        return (kind, length + 2);
    }
    let first = text.chars().next().unwrap_or(' ');
    match first {
        '"' => {
            let mut escaped = false;
            for (at, c) in text.char_indices().skip(1) {
                match c {
                    _ if escaped => escaped = false,
                    '\\' => escaped = true,
                    '"' => return (Kind::Text, at + 1),
                    _ => {}
                }
            }
            (Kind::Text, text.len())
        }
        '`' => (Kind::Directive, 1 + span(&text[1..], is_word)),
        '\'' => {
            let digits = 1 + span(&text[1..], |c| is_word(c) || c == '?');
            (if digits > 1 { Kind::Number } else { Kind::Plain }, digits)
        }
        c if c.is_ascii_digit() => {
            let size = span(text, |c| c.is_ascii_alphanumeric() || c == '_' || c == '.');
            let length = match text[size..].strip_prefix('\'') {
                Some(digits) => size + 1 + span(digits, |c| is_word(c) || c == '?'),
                None => size,
            };
            (Kind::Number, length)
        }
        c if is_word(c) => {
            let length = span(text, is_word);
            let kind = match &text[..length] {
                word if word.starts_with('$') => Kind::Directive,
                word if KEYWORDS.binary_search(&word).is_ok() => Kind::Keyword,
                _ => Kind::Plain,
            };
            (kind, length)
        }
        _ => {
            let plain = span(text, |c| !is_word(c) && !matches!(c, '/' | '"' | '`' | '\''));
            // A lone slash is an operator.
            (Kind::Plain, if plain == 0 { first.len_utf8() } else { plain })
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// What a browser would show.
    fn shown(html: &str) -> String {
        let mut text = String::new();
        let mut inside = false;
        for c in html.chars() {
            match c {
                '<' => inside = true,
                '>' if inside => inside = false,
                c if !inside => text.push(c),
                _ => {}
            }
        }
        text.replace("&lt;", "<")
            .replace("&gt;", ">")
            .replace("&quot;", "\"")
            .replace("&#39;", "'")
            .replace("&amp;", "&")
    }

    #[test]
    fn the_keywords_are_sorted_for_the_search() {
        assert!(KEYWORDS.is_sorted());
    }

    #[test]
    fn words_numbers_comments_and_strings_are_marked() {
        let html = lines("module k #(parameter W = 8'hf_0) // <b>\n/* two\nlines */ assign y = \"a\\\"b\" / `W;");
        assert_eq!(
            html[0],
            "<i class=k>module</i> k #(<i class=k>parameter</i> W = <i class=n>8&#39;hf_0</i>) <i class=c>// &lt;b&gt;</i>"
        );
        assert_eq!(html[1], "<i class=c>/* two</i>");
        assert!(html[2].starts_with("<i class=c>lines */</i> <i class=k>assign</i> y"), "{}", html[2]);
        assert!(html[2].contains("<i class=s>&quot;a\\&quot;b&quot;</i> / <i class=d>`W</i>;"), "{}", html[2]);
    }

    #[test]
    fn text_that_reads_backwards_is_made_visible() {
        assert_eq!(escape("a\u{202e}b\u{0}"), "a\u{fffd}b\u{fffd}");
    }

    proptest! {
        #[test]
        fn any_text_comes_out_whole_and_escaped(text in "([a-z0-9'\"/*`$<>&\\\\ \n]|é|\u{10ffff}|\\PC)*") {
            let html = lines(&text);
            prop_assert_eq!(html.len(), text.split('\n').count());
            for (html, line) in html.iter().zip(text.split('\n')) {
                let mut tags = html.clone();
                for class in ["k", "n", "c", "s", "d"] {
                    tags = tags.replace(&format!("<i class={class}>"), "");
                }
                prop_assert!(!tags.replace("</i>", "").contains(['<', '>', '"', '\'']));
                let visible: String = line.chars().map(|c| if escape(&c.to_string()) == "\u{fffd}" { '\u{fffd}' } else { c }).collect();
                prop_assert_eq!(shown(html), visible);
            }
        }
    }
}
