//! The canonical text of an expression: as few parentheses as parse back to the same program.

use std::fmt;

use super::{Elementary, Expression, Operation};
use crate::activation::describe;

/// How tightly a text binds: a sum loosest, an atom tightest.
const SUM: u8 = 0;
const PRODUCT: u8 = 1;
const SIGNED: u8 = 2;
const POWER: u8 = 3;
const ATOM: u8 = 4;

/// The shortest digits that read back to the same number, whole numbers without a point.
pub(crate) fn number(value: f64) -> String {
    let text = format!("{value:?}");
    text.strip_suffix(".0").map(str::to_owned).unwrap_or(text)
}

impl fmt::Display for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut stack: Vec<(String, u8)> = Vec::new();
        for operation in self.program() {
            let arguments = stack.split_off(stack.len() - operation.takes());
            stack.push(write(operation, &arguments));
        }
        f.write_str(&stack[0].0)
    }
}

/// The text in parentheses if it binds more loosely than `least`.
fn wrap((text, binding): &(String, u8), least: u8) -> String {
    if *binding < least {
        format!("({text})")
    } else {
        text.clone()
    }
}

fn write(operation: &Operation, arguments: &[(String, u8)]) -> (String, u8) {
    let infix = |symbol: &str, binding: u8| {
        // All infix operators but the power group from the left.
        let left = wrap(&arguments[0], binding);
        let right = wrap(&arguments[1], binding + 1);
        (format!("{left} {symbol} {right}"), binding)
    };
    let call = |name: &str| {
        let texts: Vec<&str> = arguments.iter().map(|(text, _)| text.as_str()).collect();
        (format!("{name}({})", texts.join(", ")), ATOM)
    };
    match operation {
        Operation::Constant(value) => (number(*value), ATOM),
        Operation::Variable => (String::from("x"), ATOM),
        Operation::Negate => (format!("-{}", wrap(&arguments[0], SIGNED)), SIGNED),
        Operation::Add => infix("+", SUM),
        Operation::Subtract => infix("-", SUM),
        Operation::Multiply => infix("*", PRODUCT),
        Operation::Divide => infix("/", PRODUCT),
        Operation::Power => {
            let exponent = wrap(&arguments[1], SIGNED);
            (format!("{}^{exponent}", wrap(&arguments[0], ATOM)), POWER)
        }
        Operation::PowerOf(exponent) => (
            format!("{}^{}", wrap(&arguments[0], ATOM), number(*exponent)),
            POWER,
        ),
        Operation::Maximum => call("max"),
        Operation::Minimum => call("min"),
        Operation::Call(function) => call(name_of(*function)),
        Operation::Activation(kind) => match describe(kind) {
            (name, None) => call(name),
            (name, Some(parameter)) => (
                format!("{name}({}, {})", arguments[0].0, number(parameter)),
                ATOM,
            ),
        },
        Operation::Where(comparison) => {
            let [left, right, yes, no] = [0, 1, 2, 3].map(|i| arguments[i].0.as_str());
            (
                format!("where({left} {} {right}, {yes}, {no})", comparison.symbol()),
                ATOM,
            )
        }
    }
}

fn name_of(function: Elementary) -> &'static str {
    // The first name of a function is its canonical one.
    Elementary::NAMES
        .iter()
        .find(|(_, known)| *known == function)
        .map_or("?", |(name, _)| name)
}
