//! Splits PTX into tokens.

use super::PtxError;

/// A token.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Token<'a> {
    /// Opcodes with modifiers, names, registers, directives.
    Word(&'a str),
    /// An integer.
    Integer(u64),
    /// `0f…`
    F32(u32),
    /// `0d…`
    F64(u64),
    /// A decimal fraction, as inline assembly may have.
    Decimal(f64),
    /// `"…"`
    Text(&'a str),
    /// A single character.
    Mark(char),
}

/// Tokens with their 1-based lines.
pub(super) fn tokens(text: &str) -> Result<Vec<(Token<'_>, u32)>, PtxError> {
    let bytes = text.as_bytes();
    let mut found = Vec::with_capacity(text.len() / 4);
    let mut line = 1;
    let mut at = 0;
    while at < bytes.len() {
        let start = at;
        match bytes[at] {
            b'\n' => {
                line += 1;
                at += 1;
            }
            b if b.is_ascii_whitespace() || b == 0 => at += 1,
            b'/' if bytes.get(at + 1) == Some(&b'/') => {
                while at < bytes.len() && bytes[at] != b'\n' {
                    at += 1;
                }
            }
            b'/' if bytes.get(at + 1) == Some(&b'*') => {
                at += 2;
                while at < bytes.len() && !(bytes[at] == b'*' && bytes.get(at + 1) == Some(&b'/')) {
                    line += u32::from(bytes[at] == b'\n');
                    at += 1;
                }
                at = (at + 2).min(bytes.len());
            }
            b'"' => {
                at += 1;
                while at < bytes.len() && bytes[at] != b'"' && bytes[at] != b'\n' {
                    at += 1;
                }
                if bytes.get(at) != Some(&b'"') {
                    return Err(PtxError { line, message: "a text without its closing quote".into() });
                }
                found.push((Token::Text(&text[start + 1..at]), line));
                at += 1;
            }
            b if b.is_ascii_digit() => {
                while at < bytes.len() && (bytes[at].is_ascii_alphanumeric() || bytes[at] == b'.') {
                    at += 1;
                }
                found.push((number(&text[start..at], line)?, line));
            }
            b if word_byte(b) => {
                while at < bytes.len()
                    && (word_byte(bytes[at])
                        || bytes[at].is_ascii_digit()
                        || (bytes[at] == b':' && bytes.get(at + 1) == Some(&b':'))
                        || (bytes[at] == b':' && bytes[at - 1] == b':'))
                {
                    at += 1;
                }
                found.push((Token::Word(&text[start..at]), line));
            }
            b if b.is_ascii() => {
                found.push((Token::Mark(char::from(b)), line));
                at += 1;
            }
            _ => return Err(PtxError { line, message: "a character that PTX does not have".into() }),
        }
    }
    Ok(found)
}

fn word_byte(b: u8) -> bool {
    b.is_ascii_alphabetic() || matches!(b, b'_' | b'$' | b'%' | b'.')
}

fn number(text: &str, line: u32) -> Result<Token<'_>, PtxError> {
    let bad = || PtxError { line, message: format!("`{text}` is not a number") };
    if let Some(hex) = text.strip_prefix("0f").or_else(|| text.strip_prefix("0F")) {
        return u32::from_str_radix(hex, 16).map(Token::F32).map_err(|_| bad());
    }
    if let Some(hex) = text.strip_prefix("0d").or_else(|| text.strip_prefix("0D")) {
        return u64::from_str_radix(hex, 16).map(Token::F64).map_err(|_| bad());
    }
    if text.contains('.') {
        return text.parse().map(Token::Decimal).map_err(|_| bad());
    }
    let digits = text.trim_end_matches('U');
    let parsed = if let Some(hex) = digits.strip_prefix("0x").or_else(|| digits.strip_prefix("0X")) {
        u64::from_str_radix(hex, 16)
    } else if let Some(binary) = digits.strip_prefix("0b") {
        u64::from_str_radix(binary, 2)
    } else if digits.len() > 1 && digits.starts_with('0') {
        u64::from_str_radix(digits, 8)
    } else {
        digits.parse()
    };
    parsed.map(Token::Integer).map_err(|_| bad())
}
