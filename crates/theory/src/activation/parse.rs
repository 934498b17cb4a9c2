//! From text to activation: a name, a name with its parameter, or an expression.

use super::{Activation, ActivationError, Kind, find};
use crate::expression::{self, Operation};

pub(super) fn parse(text: &str) -> Result<Activation, ActivationError> {
    let trimmed = text.trim();
    if trimmed.is_empty() {
        return Err(ActivationError::Empty);
    }
    if let Some((name, parameter)) = name_and_parameter(trimmed)
        && let Some(row) = find(name)
    {
        return Activation::from_row(row, parameter);
    }
    let expression = expression::parse(text)?;
    match expression.program() {
        // A named activation of x is that activation.
        [Operation::Variable] => return Ok(Activation::identity()),
        [Operation::Variable, Operation::Activation(kind)] => {
            return Ok(Activation::named(kind.clone()));
        }
        _ => {}
    }
    let breakpoints = expression::breakpoints(&expression)?;
    Ok(Activation {
        kind: Kind::Expression(expression),
        breakpoints: breakpoints.into(),
    })
}

/// `name` or `name(number)`, nothing else.
fn name_and_parameter(text: &str) -> Option<(&str, Option<f64>)> {
    let Some((name, rest)) = text.split_once('(') else {
        return Some((text, None));
    };
    let number = rest.strip_suffix(')')?.trim();
    // Rust also reads words such as "inf" as numbers; those are left to the expression.
    if number
        .chars()
        .any(|c| c.is_ascii_alphabetic() && c != 'e' && c != 'E')
    {
        return None;
    }
    Some((name.trim_end(), Some(number.parse().ok()?)))
}
