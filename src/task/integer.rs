//! Integer expressions over named values: sizes, grids and arguments of CUDA tasks and candidates.
//!
//! `+ - * / % ( )`, `ceil_div(a, b)`, `min(a, b, …)`, `max(a, b, …)`. Everything is a 64-bit integer, and everything is checked:
//! an overflow or a division by zero is an error. `/` and `%` round towards zero, as in C.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The longest expression, in bytes; with it the depth of the tree is bounded.
const MAX_LENGTH: usize = 1000;
/// Parentheses and signs inside each other.
const MAX_DEPTH: u32 = 64;

/// The functions, which no symbol may be called.
pub const FUNCTIONS: [&str; 3] = ["ceil_div", "min", "max"];

/// An expression that was read, with its text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expr {
    text: String,
    node: Node,
}

/// Why a text is no expression.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ExprError {
    /// Byte offset in the text.
    pub offset: usize,
    /// What is wrong, and what was expected.
    pub message: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Node {
    Number(i64),
    Symbol(String),
    Negate(Box<Node>),
    Binary(Operator, Box<Node>, Box<Node>),
    Call(Function, Vec<Node>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Operator {
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Function {
    CeilDiv,
    Min,
    Max,
}

impl Expr {
    /// Reads an expression over the symbols in `known`.
    pub fn parse(text: &str, known: &[&str]) -> Result<Self, ExprError> {
        let expr = Self::parse_any(text)?;
        let mut unknown = None;
        expr.node.each_symbol(&mut |name| {
            if unknown.is_none() && !known.contains(&name) {
                unknown = Some(name.to_string());
            }
        });
        match unknown {
            None => Ok(expr),
            Some(name) => {
                let offset = find_word(text, &name);
                Err(ExprError { offset, message: unknown_name(&name, "symbol", known) })
            }
        }
    }

    /// Reads an expression over any symbols.
    fn parse_any(text: &str) -> Result<Self, ExprError> {
        if text.len() > MAX_LENGTH {
            let message = format!("the expression has {} bytes, at most {MAX_LENGTH} are allowed", text.len());
            return Err(ExprError { offset: 0, message });
        }
        let mut parser = Parser { text, at: 0, depth: 0 };
        let node = parser.sum()?;
        parser.space();
        if parser.at < text.len() {
            return Err(parser.expected("an operator or the end"));
        }
        Ok(Self { text: text.trim().to_string(), node })
    }

    /// The expression that is just a number.
    pub fn number(value: i64) -> Self {
        Self { text: value.to_string(), node: Node::Number(value) }
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The value, given each symbol's. The error names the expression.
    pub fn value(&self, symbol: &dyn Fn(&str) -> Option<i64>) -> Result<i64, String> {
        self.node.value(symbol).map_err(|message| format!("`{}` {message}", self.text))
    }
}

impl fmt::Display for Expr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Serialize for Expr {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

impl<'de> Deserialize<'de> for Expr {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse_any(&text).map_err(serde::de::Error::custom)
    }
}

impl Node {
    fn each_symbol(&self, visit: &mut dyn FnMut(&str)) {
        match self {
            Self::Number(_) => {}
            Self::Symbol(name) => visit(name),
            Self::Negate(a) => a.each_symbol(visit),
            Self::Binary(_, a, b) => {
                a.each_symbol(visit);
                b.each_symbol(visit);
            }
            Self::Call(_, arguments) => arguments.iter().for_each(|a| a.each_symbol(visit)),
        }
    }

    fn value(&self, symbol: &dyn Fn(&str) -> Option<i64>) -> Result<i64, String> {
        let overflow = || "overflows 64 bits".to_string();
        match self {
            Self::Number(value) => Ok(*value),
            Self::Symbol(name) => symbol(name).ok_or_else(|| format!("has no value for `{name}`")),
            Self::Negate(a) => a.value(symbol)?.checked_neg().ok_or_else(overflow),
            Self::Binary(operator, a, b) => {
                let (a, b) = (a.value(symbol)?, b.value(symbol)?);
                let divides = matches!(operator, Operator::Divide | Operator::Remainder);
                if divides && b == 0 {
                    return Err("divides by zero".into());
                }
                let value = match operator {
                    Operator::Add => a.checked_add(b),
                    Operator::Subtract => a.checked_sub(b),
                    Operator::Multiply => a.checked_mul(b),
                    Operator::Divide => a.checked_div(b),
                    Operator::Remainder => a.checked_rem(b),
                };
                value.ok_or_else(overflow)
            }
            Self::Call(function, arguments) => {
                let values = arguments.iter().map(|a| a.value(symbol)).collect::<Result<Vec<i64>, String>>()?;
                match (function, values.as_slice()) {
                    (Function::CeilDiv, [_, 0]) => Err("divides by zero".into()),
                    (Function::CeilDiv, [a, b]) => {
                        let quotient = a.checked_div(*b).ok_or_else(overflow)?;
                        let up = a % b != 0 && (*a < 0) == (*b < 0);
                        Ok(quotient + i64::from(up))
                    }
                    (Function::Max, [first, rest @ ..]) => Ok(rest.iter().fold(*first, |a, b| a.max(*b))),
                    (_, [first, rest @ ..]) => Ok(rest.iter().fold(*first, |a, b| a.min(*b))),
                    (_, []) => Err("calls a function without arguments".into()),
                }
            }
        }
    }
}

struct Parser<'a> {
    text: &'a str,
    at: usize,
    depth: u32,
}

impl<'a> Parser<'a> {
    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn space(&mut self) {
        self.at += self.rest().len() - self.rest().trim_start().len();
    }

    /// Takes the character if it comes next.
    fn take(&mut self, wanted: char) -> bool {
        self.space();
        let found = self.rest().starts_with(wanted);
        if found {
            self.at += wanted.len_utf8();
        }
        found
    }

    fn expected(&self, what: &str) -> ExprError {
        let found = self.rest().chars().next().map_or("the end".to_string(), |c| format!("`{c}`"));
        ExprError { offset: self.at, message: format!("expected {what}, found {found}") }
    }

    /// Takes the longest run of letters, digits and underscores.
    fn word(&mut self) -> &'a str {
        let rest = self.rest();
        let end = rest.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(rest.len());
        self.at += end;
        &rest[..end]
    }

    fn sum(&mut self) -> Result<Node, ExprError> {
        let mut left = self.product()?;
        loop {
            let operator = if self.take('+') {
                Operator::Add
            } else if self.take('-') {
                Operator::Subtract
            } else {
                return Ok(left);
            };
            left = Node::Binary(operator, Box::new(left), Box::new(self.product()?));
        }
    }

    fn product(&mut self) -> Result<Node, ExprError> {
        let mut left = self.factor()?;
        loop {
            let operator = if self.take('*') {
                Operator::Multiply
            } else if self.take('/') {
                Operator::Divide
            } else if self.take('%') {
                Operator::Remainder
            } else {
                return Ok(left);
            };
            left = Node::Binary(operator, Box::new(left), Box::new(self.factor()?));
        }
    }

    fn factor(&mut self) -> Result<Node, ExprError> {
        self.space();
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            let message = format!("more than {MAX_DEPTH} parentheses or signs inside each other");
            return Err(ExprError { offset: self.at, message });
        }
        let node = self.primary();
        self.depth -= 1;
        node
    }

    fn primary(&mut self) -> Result<Node, ExprError> {
        if self.take('-') {
            return Ok(Node::Negate(Box::new(self.factor()?)));
        }
        if self.take('(') {
            let inner = self.sum()?;
            if !self.take(')') {
                return Err(self.expected("`)`"));
            }
            return Ok(inner);
        }
        let offset = self.at;
        let word = self.word();
        match word.chars().next() {
            None => Err(self.expected("a number, a symbol, `(` or `-`")),
            Some(c) if c.is_ascii_digit() => {
                let message = || format!("`{word}` is not a decimal number of at most 64 bits");
                word.parse().map(Node::Number).map_err(|_| ExprError { offset, message: message() })
            }
            Some(_) if self.take('(') => self.call(word, offset),
            Some(_) => Ok(Node::Symbol(word.to_string())),
        }
    }

    fn call(&mut self, name: &str, offset: usize) -> Result<Node, ExprError> {
        let function = match name {
            "ceil_div" => Function::CeilDiv,
            "min" => Function::Min,
            "max" => Function::Max,
            _ => return Err(ExprError { offset, message: unknown_name(name, "function", &FUNCTIONS) }),
        };
        let mut arguments = vec![self.sum()?];
        while self.take(',') {
            arguments.push(self.sum()?);
        }
        if !self.take(')') {
            return Err(self.expected("`,` or `)`"));
        }
        let fits = if function == Function::CeilDiv { arguments.len() == 2 } else { arguments.len() >= 2 };
        if !fits {
            let wanted = if function == Function::CeilDiv { "two" } else { "at least two" };
            let message = format!("{name} takes {wanted} arguments, {} given", arguments.len());
            return Err(ExprError { offset, message });
        }
        Ok(Node::Call(function, arguments))
    }
}

/// Offset of a whole word; 0 if it is not there.
fn find_word(text: &str, word: &str) -> usize {
    let inside = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let whole = |at: &usize| !text[..*at].ends_with(inside) && !text[at + word.len()..].starts_with(inside);
    text.match_indices(word).map(|(at, _)| at).find(whole).unwrap_or(0)
}

/// "`x` is not a symbol; did you mean `y`? known: …".
pub fn unknown_name(name: &str, what: &str, known: &[&str]) -> String {
    let near = known.iter().map(|k| (edits(name, k), *k)).filter(|(n, k)| *n <= 2 && *n < k.len()).min();
    let hint = near.map_or(String::new(), |(_, k)| format!("did you mean `{k}`? "));
    let list = if known.is_empty() { "nothing".to_string() } else { known.join(", ") };
    format!("`{name}` is not a known {what}; {hint}known: {list}")
}

/// Single-character changes from one word to the other, letter case left aside.
fn edits(a: &str, b: &str) -> usize {
    let (a, b): (Vec<u8>, Vec<u8>) = (a.to_ascii_lowercase().into_bytes(), b.to_ascii_lowercase().into_bytes());
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let changed = diagonal + usize::from(x != y);
            diagonal = row[j + 1];
            row[j + 1] = changed.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const KNOWN: [&str; 3] = ["rows", "cols", "BLOCK"];

    fn value(text: &str) -> Result<i64, String> {
        let symbol = |name: &str| match name {
            "rows" => Some(3),
            "cols" => Some(37),
            "BLOCK" => Some(256),
            _ => None,
        };
        Expr::parse(text, &KNOWN).map_err(|e| format!("{}: {e}", e.offset))?.value(&symbol)
    }

    #[test]
    fn values_are_those_of_c() {
        for (text, expected) in [
            ("1 + 2 * 3", 7),
            ("(1 + 2) * 3", 9),
            ("10 - 2 - 3", 5),
            ("-7 / 2", -3),
            ("-7 % 3", -1),
            ("- -5", 5),
            ("rows*cols", 111),
            ("ceil_div(cols, 4)", 10),
            ("ceil_div(36, 4)", 9),
            ("ceil_div(-7, 2)", -3),
            ("ceil_div(-7, -2)", 4),
            ("min(rows, cols, 2)", 2),
            (" max( 1 , min(BLOCK, cols) ) ", 37),
        ] {
            assert_eq!(value(text), Ok(expected), "{text}");
        }
    }

    #[test]
    fn errors_say_where_and_what_was_expected() {
        for (text, part) in [
            ("", "0: expected a number, a symbol, `(` or `-`, found the end"),
            ("rows +", "6: expected a number"),
            ("(rows", "5: expected `)`, found the end"),
            ("rows cols", "5: expected an operator or the end, found `c`"),
            ("row * 2", "0: `row` is not a known symbol; did you mean `rows`? known: rows, cols, BLOCK"),
            ("2 * block", "4: `block` is not a known symbol; did you mean `BLOCK`?"),
            ("ceildiv(1, 2)", "0: `ceildiv` is not a known function; did you mean `ceil_div`?"),
            ("ceil_div(1)", "takes two arguments, 1 given"),
            ("max(1)", "at least two"),
            ("min(1, 2", "8: expected `,` or `)`"),
            ("99999999999999999999", "64 bits"),
            ("1x", "`1x` is not a decimal number"),
            ("1.5", "1: expected an operator or the end, found `.`"),
            ("9223372036854775807 + 1", "overflows 64 bits"),
            ("rows / (cols - 37)", "`rows / (cols - 37)` divides by zero"),
            ("ceil_div(1, 0)", "divides by zero"),
            ("(-9223372036854775807 - 1) / -1", "overflows"),
            ("(-9223372036854775807 - 1) % -1", "overflows"),
        ] {
            let error = value(text).unwrap_err();
            assert!(error.contains(part), "{text}: {error}");
        }
        assert!(value(&"(".repeat(500)).unwrap_err().contains("inside each other"));
        assert!(value(&"1+".repeat(600)).unwrap_err().contains("at most 1000"));
    }

    fn expression() -> impl Strategy<Value = String> {
        let leaf = prop_oneof![
            (0i64..1000).prop_map(|n| n.to_string()),
            prop::sample::select(KNOWN.to_vec()).prop_map(String::from)
        ];
        leaf.prop_recursive(4, 24, 2, |inner| {
            prop_oneof![
                (inner.clone(), "[+*/%-]", inner.clone()).prop_map(|(a, op, b)| format!("({a} {op} {b})")),
                (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("ceil_div({a}, {b})")),
                (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("max({a},{b})")),
                inner.prop_map(|a| format!("-{a}")),
            ]
        })
    }

    proptest! {
        #[test]
        fn any_text_is_read_without_panic(text in "[-+*/%(), a-z_0-9é]{0,60}|.{0,60}") {
            match Expr::parse(&text, &["a", "b"]) {
                Ok(expr) => drop(expr.value(&|_| Some(i64::MIN))),
                Err(e) => prop_assert!(text.is_char_boundary(e.offset)),
            }
        }

        #[test]
        fn an_expression_survives_being_stored(text in expression()) {
            let expr = Expr::parse(&text, &KNOWN).unwrap();
            let stored: Expr = serde_json::from_str(&serde_json::to_string(&expr).unwrap()).unwrap();
            prop_assert_eq!(&stored, &expr);
            prop_assert_eq!(stored.as_str(), text.trim());
            let _ = value(&text);
        }
    }
}
