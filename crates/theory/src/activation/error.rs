//! What can be wrong with the text of an activation.

use thiserror::Error;

/// Why an activation could not be made.
#[derive(Clone, Debug, PartialEq, Error)]
#[non_exhaustive]
pub enum ActivationError {
    /// The text is empty.
    #[error("no activation given; write a name such as `relu`, or an expression in x")]
    Empty,
    /// No activation or function has this name.
    #[error("unknown name `{name}` at column {column}{}", suggest(.suggestion))]
    UnknownName {
        /// The name as it was written.
        name: String,
        /// Where it begins, counted from 1.
        column: usize,
        /// The nearest known name, if one is near.
        suggestion: Option<String>,
    },
    /// A parameter is outside its range.
    #[error("{activation}: {parameter} must be {expected}, got {got}")]
    Parameter {
        /// The activation.
        activation: &'static str,
        /// Its parameter.
        parameter: &'static str,
        /// What the parameter may be.
        expected: &'static str,
        /// What was given.
        got: f64,
    },
    /// A function was given the wrong number of arguments.
    #[error("{function} at column {column} takes {expected} argument(s), got {got}")]
    ArgumentCount {
        /// The function.
        function: String,
        /// Where its name begins, counted from 1.
        column: usize,
        /// How many arguments it takes.
        expected: &'static str,
        /// How many were given.
        got: usize,
    },
    /// The expression does not follow the grammar.
    #[error("at column {column}: expected {expected}, found {found}")]
    Syntax {
        /// Where, counted from 1.
        column: usize,
        /// What may stand there.
        expected: &'static str,
        /// What stands there.
        found: String,
    },
    /// The text or what it means is too long.
    #[error("the expression is too long: at most {limit} {what} are read; shorten it")]
    TooLong {
        /// The limit.
        limit: usize,
        /// Of what.
        what: &'static str,
    },
    /// Parentheses, calls, signs or powers are nested too deeply.
    #[error("at column {column}: nested more than {limit} deep; split or simplify the expression")]
    TooDeep {
        /// The limit.
        limit: usize,
        /// Where it was passed, counted from 1.
        column: usize,
    },
    /// The expression is not a number somewhere on the line.
    #[error(
        "the expression is not a number at x = {at}; an activation must be defined on the whole \
         line (for ln x, say, write ln(abs(x) + 1) or guard it with max)"
    )]
    Undefined {
        /// Where.
        at: f64,
    },
    /// The expression is infinite where inputs are common.
    #[error(
        "the expression is infinite at x = {at}; an activation must be finite (add to the \
         denominator, or bound the argument)"
    )]
    Infinite {
        /// Where.
        at: f64,
    },
    /// The expression has more kinks and jumps than the integrals can be cut at.
    #[error("the expression has more than {limit} kinks and jumps; use a smoother function")]
    TooManyBreakpoints {
        /// The limit.
        limit: usize,
    },
    /// A named activation was given the wrong number of parameters.
    #[error("{activation} takes {expected} parameter(s), got {got}; write {form}")]
    ParameterCount {
        /// The activation.
        activation: &'static str,
        /// How many parameters it takes at most.
        expected: usize,
        /// How many were given.
        got: usize,
        /// The form that is understood.
        form: String,
    },
}

fn suggest(suggestion: &Option<String>) -> String {
    match suggestion {
        Some(name) => format!("; did you mean `{name}`?"),
        None => String::from("; `x` is the variable, and `evenkeel gain --all` lists the names"),
    }
}
