//! From text to tokens.

use crate::activation::ActivationError;

/// One token.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Token {
    Number(f64),
    Name(String),
    /// An operator, parenthesis, comma or comparison.
    Symbol(&'static str),
    End,
}

impl Token {
    /// The token in an error message.
    pub(super) fn describe(&self) -> String {
        match self {
            Self::Number(value) => format!("the number {value}"),
            Self::Name(name) => format!("`{name}`"),
            Self::Symbol(symbol) => format!("`{symbol}`"),
            Self::End => String::from("the end"),
        }
    }
}

/// Symbols, the longer ones first.
const SYMBOLS: [&str; 13] = [
    "**", "<=", ">=", "<", ">", "+", "-", "*", "/", "^", "(", ")", ",",
];

/// The tokens with their columns, counted from 1; the last one is the end.
pub(super) fn tokens(text: &str) -> Result<Vec<(Token, usize)>, ActivationError> {
    let mut tokens = Vec::new();
    let mut rest = text;
    let mut column = 1;
    loop {
        let trimmed = rest.trim_start();
        column += rest[..rest.len() - trimmed.len()].chars().count();
        rest = trimmed;
        let Some(first) = rest.chars().next() else {
            tokens.push((Token::End, column));
            return Ok(tokens);
        };
        let (token, length) = if first.is_ascii_digit() || first == '.' {
            number(rest, column)?
        } else if first.is_ascii_alphabetic() || first == '_' {
            let length = rest
                .find(|c: char| !(c.is_ascii_alphanumeric() || c == '_'))
                .unwrap_or(rest.len());
            (Token::Name(rest[..length].to_owned()), length)
        } else if let Some(symbol) = SYMBOLS.iter().find(|symbol| rest.starts_with(**symbol)) {
            // Both spellings of the power are one operator.
            (
                Token::Symbol(if *symbol == "**" { "^" } else { symbol }),
                symbol.len(),
            )
        } else {
            return Err(ActivationError::Syntax {
                column,
                expected: "a number, a name, an operator or a parenthesis",
                found: format!("`{first}`"),
            });
        };
        tokens.push((token, column));
        // Tokens are ASCII: bytes and characters agree.
        column += length;
        rest = &rest[length..];
    }
}

fn number(text: &str, column: usize) -> Result<(Token, usize), ActivationError> {
    let bytes = text.as_bytes();
    let digits = |from: usize| {
        from + bytes[from..]
            .iter()
            .take_while(|byte| byte.is_ascii_digit())
            .count()
    };
    let mut end = digits(0);
    if bytes.get(end) == Some(&b'.') {
        end = digits(end + 1);
    }
    if matches!(bytes.get(end), Some(b'e' | b'E')) {
        let sign = usize::from(matches!(bytes.get(end + 1), Some(b'+' | b'-')));
        let exponent = digits(end + 1 + sign);
        if exponent > end + 1 + sign {
            end = exponent;
        }
    }
    match text[..end].parse::<f64>() {
        Ok(value) if value.is_finite() => Ok((Token::Number(value), end)),
        _ => Err(ActivationError::Syntax {
            column,
            expected: "a finite number",
            found: format!("`{}`", &text[..end]),
        }),
    }
}
