//! Activations: one definition for theory, initialisation and the engine.

mod breaks;
mod error;
mod formula;
mod kind;
mod parse;
mod registry;

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

pub use breaks::{Jump, Kink};
pub use error::ActivationError;
pub(crate) use formula::{evaluate, kind_breakpoints};
pub use kind::Kind;
pub(crate) use registry::{Make, Row, describe, find, nearest, row_names};

use crate::expression::number;
use crate::scalar::Jet;
use registry::{ROWS, Range};

/// An activation function φ of one real variable.
///
/// It knows its value, its exact first and second derivative (automatic differentiation of the one
/// formula), and where it has kinks and jumps.
///
/// # Expressions
/// Besides the names, [`Activation::parse`] reads any expression in `x` with `+ - * / ^`, numbers,
/// `pi`, `e`, `max(a, b)`, `min(a, b)`, `clamp(v, low, high)`, `where(a < b, yes, no)`, the functions
/// exp, expm1, ln (log), log1p, sqrt, tan, sinh, cosh, asinh, erfc, normal_cdf, sign, step
/// (heaviside), and every named activation as a function, with its parameter as a second argument:
/// `leaky_relu(x - 1, 0.2)`. It must be defined on the whole line. Its kinks, jumps and poles are
/// found by sampling every 1/128 up to |x| = 16 and every 1% beyond.
///
/// At a kink the derivative is the one that frameworks take: zero for ReLU at zero.
///
/// # Example
/// ```
/// use evenkeel_theory::Activation;
///
/// let leaky = Activation::parse("leaky_relu(0.1)")?;
/// assert_eq!(leaky.value(-2.0), -0.2);
/// assert_eq!(leaky.derivative(-2.0), 0.1);
/// assert_eq!(leaky.breakpoints(), [0.0]);
/// assert_eq!(leaky.to_string(), "leaky_relu(0.1)");
/// # Ok::<(), evenkeel_theory::ActivationError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Activation {
    kind: Kind,
    breakpoints: Arc<[f64]>,
}

impl Activation {
    /// The activation that `text` names or spells out.
    ///
    /// # Errors
    /// Anything of [`ActivationError`]; nothing is guessed.
    pub fn parse(text: &str) -> Result<Self, ActivationError> {
        parse::parse(text)
    }

    /// Every named activation, with its default parameter.
    pub fn all() -> Vec<Self> {
        ROWS.iter()
            .map(|row| match &row.make {
                Make::Plain(kind) => Self::named(kind.clone()),
                Make::With { default, make, .. } => Self::named(make(*default)),
            })
            .collect()
    }

    /// The names that [`Activation::parse`] understands, aliases left out.
    pub fn names() -> impl Iterator<Item = &'static str> {
        ROWS.iter().map(|row| row.name)
    }

    /// An activation of a named kind whose parameter has been checked.
    pub(crate) fn named(kind: Kind) -> Self {
        let breakpoints = kind_breakpoints(&kind).into();
        Self { kind, breakpoints }
    }

    /// The row's activation, with the given parameter or the default one.
    pub(crate) fn from_row(row: &Row, parameter: Option<f64>) -> Result<Self, ActivationError> {
        match (&row.make, parameter) {
            (Make::Plain(kind), None) => Ok(Self::named(kind.clone())),
            (Make::With { default, make, .. }, None) => Ok(Self::named(make(*default))),
            (
                Make::With {
                    parameter,
                    range,
                    make,
                    ..
                },
                Some(value),
            ) => {
                check(row.name, parameter, *range, value)?;
                Ok(Self::named(make(value)))
            }
            (Make::Plain(_), Some(_)) => Err(ActivationError::ParameterCount {
                activation: row.name,
                expected: 0,
                got: 1,
                form: format!("`{0}`, or `{0}(...)` of an expression in x", row.name),
            }),
        }
    }

    /// Which function this is.
    pub fn kind(&self) -> &Kind {
        &self.kind
    }

    /// φ(x).
    pub fn value(&self, x: f64) -> f64 {
        evaluate(&self.kind, x)
    }

    /// φ′(x); at a kink, the value that frameworks take.
    pub fn derivative(&self, x: f64) -> f64 {
        let slope = self.jet(x).first;
        if slope.is_nan() && self.value(x).is_finite() {
            // At a kink of an expression (√x² at 0) the chain rule may meet 0·∞.
            let (below, above) = self.one_sided(x);
            return 0.5 * (below.first + above.first);
        }
        slope
    }

    /// φ″(x) away from kinks. The point masses that a kink puts into φ″ are not in it.
    pub fn second_derivative(&self, x: f64) -> f64 {
        self.jet(x).second
    }

    /// φ(x) with its first two derivatives.
    pub(crate) fn jet(&self, x: f64) -> Jet {
        evaluate(&self.kind, Jet::variable(x))
    }

    /// The points where φ or one of its derivatives is not continuous, in rising order.
    pub fn breakpoints(&self) -> &[f64] {
        &self.breakpoints
    }

    /// x
    pub fn identity() -> Self {
        Self::named(Kind::Identity)
    }

    /// max(x, 0)
    pub fn relu() -> Self {
        Self::named(Kind::Relu)
    }

    /// x for x > 0, `slope`·x otherwise.
    ///
    /// # Errors
    /// [`ActivationError::Parameter`] when the slope is not finite.
    pub fn leaky_relu(slope: f64) -> Result<Self, ActivationError> {
        check("leaky_relu", "slope", Range::Finite, slope)?;
        Ok(Self::named(Kind::LeakyRelu { slope }))
    }

    /// tanh x
    pub fn tanh() -> Self {
        Self::named(Kind::Tanh)
    }

    /// 1/(1 + e^{−x})
    pub fn sigmoid() -> Self {
        Self::named(Kind::Sigmoid)
    }

    /// x·Φ(x)
    pub fn gelu() -> Self {
        Self::named(Kind::Gelu)
    }

    /// The self-normalising λ·elu(x; α)
    pub fn selu() -> Self {
        Self::named(Kind::Selu)
    }

    /// x·σ(x)
    pub fn silu() -> Self {
        Self::named(Kind::Silu)
    }

    /// erf(x)
    pub fn erf() -> Self {
        Self::named(Kind::Erf)
    }
}

fn check(
    activation: &'static str,
    parameter: &'static str,
    range: Range,
    got: f64,
) -> Result<(), ActivationError> {
    if range.contains(got) {
        return Ok(());
    }
    Err(ActivationError::Parameter {
        activation,
        parameter,
        expected: range.words(),
        got,
    })
}

impl fmt::Display for Activation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.kind, describe(&self.kind)) {
            (Kind::Expression(expression), _) => expression.fmt(f),
            (_, (name, None)) => f.write_str(name),
            (_, (name, Some(parameter))) => write!(f, "{name}({})", number(parameter)),
        }
    }
}

impl FromStr for Activation {
    type Err = ActivationError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}
