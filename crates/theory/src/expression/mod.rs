//! Activations that the user writes: expressions in `x`.
//!
//! An expression is kept as a short postfix program. Evaluating it needs a stack of fixed size and
//! no recursion, on plain numbers and on jets alike.

mod breaks;
mod display;
mod lexer;
mod parser;

use std::sync::Arc;

pub(crate) use breaks::breakpoints;
pub(crate) use display::number;
pub(crate) use parser::parse;

use crate::activation::{Kind, evaluate, kind_breakpoints};
use crate::elementary as f;
use crate::scalar::Scalar;

/// The longest text that is read, in bytes.
pub(crate) const MAX_LENGTH: usize = 2048;
/// The longest program.
pub(crate) const MAX_OPERATIONS: usize = 256;
/// The deepest nesting of parentheses, calls, signs and powers.
pub(crate) const MAX_DEPTH: usize = 48;
/// The most intermediate values at any time; three a level of nesting is more than any form needs.
const MAX_STACK: usize = 3 * MAX_DEPTH + 8;

/// A function of one variable that only expressions have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Elementary {
    Exp,
    Expm1,
    Ln,
    Ln1p,
    Sqrt,
    Tan,
    Sinh,
    Cosh,
    Asinh,
    Erfc,
    NormalCdf,
    Sign,
    Step,
}

impl Elementary {
    pub(crate) const NAMES: [(&'static str, Self); 15] = [
        ("exp", Self::Exp),
        ("expm1", Self::Expm1),
        ("ln", Self::Ln),
        ("log", Self::Ln),
        ("log1p", Self::Ln1p),
        ("sqrt", Self::Sqrt),
        ("tan", Self::Tan),
        ("sinh", Self::Sinh),
        ("cosh", Self::Cosh),
        ("asinh", Self::Asinh),
        ("erfc", Self::Erfc),
        ("normal_cdf", Self::NormalCdf),
        ("sign", Self::Sign),
        ("step", Self::Step),
        ("heaviside", Self::Step),
    ];

    fn apply<S: Scalar>(self, x: S) -> S {
        match self {
            Self::Exp => f::exp(x),
            Self::Expm1 => f::expm1(x),
            Self::Ln => f::ln(x),
            Self::Ln1p => f::ln_1p(x),
            Self::Sqrt => f::sqrt(x),
            Self::Tan => f::sin(x) / f::cos(x),
            Self::Sinh => f::sinh(x),
            Self::Cosh => f::cosh(x),
            Self::Asinh => f::asinh(x),
            // erfc(x) = 2Φ(−√2 x), which keeps the upper tail.
            Self::Erfc => f::cdf(x.scale(-std::f64::consts::SQRT_2)).scale(2.0),
            Self::NormalCdf => f::cdf(x),
            Self::Sign => f::sign(x),
            Self::Step => f::sign(x).shift(1.0).scale(0.5),
        }
    }

    /// Where the function has a kink, a jump or a singularity at argument zero.
    fn breaks_at_zero(self) -> bool {
        matches!(self, Self::Ln | Self::Sqrt | Self::Sign | Self::Step)
    }
}

/// How `where` compares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Comparison {
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl Comparison {
    fn holds(self, left: f64, right: f64) -> bool {
        match self {
            Self::Less => left < right,
            Self::LessOrEqual => left <= right,
            Self::Greater => left > right,
            Self::GreaterOrEqual => left >= right,
        }
    }

    pub(crate) fn symbol(self) -> &'static str {
        match self {
            Self::Less => "<",
            Self::LessOrEqual => "<=",
            Self::Greater => ">",
            Self::GreaterOrEqual => ">=",
        }
    }
}

/// One step of the program.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Operation {
    Constant(f64),
    Variable,
    Negate,
    Add,
    Subtract,
    Multiply,
    Divide,
    /// The base below, the exponent on top.
    Power,
    /// A constant exponent.
    PowerOf(f64),
    Maximum,
    Minimum,
    Call(Elementary),
    /// A named activation as a function.
    Activation(Kind),
    /// Left and right side, then both branches.
    Where(Comparison),
}

impl Operation {
    /// How many values it takes from the stack; it always leaves one.
    pub(crate) fn takes(&self) -> usize {
        match self {
            Self::Constant(_) | Self::Variable => 0,
            Self::Negate | Self::PowerOf(_) | Self::Call(_) | Self::Activation(_) => 1,
            Self::Where(_) => 4,
            _ => 2,
        }
    }
}

/// A checked expression in `x`.
///
/// It is made by [`Activation::parse`](crate::Activation::parse), and its `Display` parses back to
/// the same expression.
#[derive(Clone, Debug, PartialEq)]
pub struct Expression {
    program: Arc<[Operation]>,
}

impl Expression {
    /// A program that the parser has checked: it never runs out of stack and leaves one value.
    pub(crate) fn new(program: Vec<Operation>) -> Self {
        debug_assert!(deepest(&program).is_some_and(|depth| depth <= MAX_STACK));
        Self {
            program: program.into(),
        }
    }

    pub(crate) fn program(&self) -> &[Operation] {
        &self.program
    }

    pub(crate) fn evaluate<S: Scalar>(&self, x: S) -> S {
        self.run(x, |_| {})
    }

    /// The quantities at whose zeros a kink, jump or pole may lie, in the program's order.
    pub(crate) fn discriminants(&self, x: f64, out: &mut Vec<f64>) {
        out.clear();
        self.run(x, |value| out.push(value));
    }

    fn run<S: Scalar>(&self, x: S, mut discriminant: impl FnMut(f64)) -> S {
        let mut stack = [S::constant(0.0); MAX_STACK];
        let mut top = 0;
        for operation in self.program.iter() {
            let base = top - operation.takes();
            stack[base] = step(operation, x, &stack[base..top], &mut discriminant);
            top = base + 1;
        }
        stack[0]
    }
}

/// The most values that a program holds at a time; none when it underflows or leaves more than one.
pub(crate) fn deepest(program: &[Operation]) -> Option<usize> {
    let (mut depth, mut deepest) = (0_usize, 0);
    for operation in program {
        depth = depth.checked_sub(operation.takes())? + 1;
        deepest = deepest.max(depth);
    }
    (depth == 1).then_some(deepest)
}

fn step<S: Scalar>(
    operation: &Operation,
    x: S,
    arguments: &[S],
    discriminant: &mut impl FnMut(f64),
) -> S {
    match (operation, arguments) {
        (Operation::Constant(value), _) => S::constant(*value),
        (Operation::Variable, _) => x,
        (Operation::Negate, &[a]) => -a,
        (Operation::Add, &[a, b]) => a + b,
        (Operation::Subtract, &[a, b]) => a - b,
        (Operation::Multiply, &[a, b]) => a * b,
        (Operation::Divide, &[a, b]) => {
            discriminant(b.real());
            a / b
        }
        (Operation::Power, &[a, b]) => {
            discriminant(a.real());
            f::exp(b * f::ln(a))
        }
        (Operation::PowerOf(exponent), &[a]) => {
            if *exponent < 0.0 || exponent.fract() != 0.0 {
                discriminant(a.real());
            }
            f::power(a, *exponent)
        }
        (Operation::Maximum, &[a, b]) => {
            discriminant(a.real() - b.real());
            // A NaN on either side stays visible.
            if a.real() >= b.real() || a.real().is_nan() {
                a
            } else {
                b
            }
        }
        (Operation::Minimum, &[a, b]) => {
            discriminant(a.real() - b.real());
            if a.real() <= b.real() || a.real().is_nan() {
                a
            } else {
                b
            }
        }
        (Operation::Call(function), &[a]) => {
            if function.breaks_at_zero() {
                discriminant(a.real());
            }
            function.apply(a)
        }
        (Operation::Activation(kind), &[a]) => {
            for at in kind_breakpoints(kind) {
                discriminant(a.real() - at);
            }
            evaluate(kind, a)
        }
        (Operation::Where(comparison), &[left, right, yes, no]) => {
            discriminant(left.real() - right.real());
            if comparison.holds(left.real(), right.real()) {
                yes
            } else {
                no
            }
        }
        // The parser gives every operation its arguments.
        _ => S::constant(f64::NAN),
    }
}
