//! The named activations: a new one is a variant of [`Kind`], a formula, and a row here.

use super::Kind;

/// What a parameter may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Range {
    /// Any finite number.
    Finite,
    /// A finite number above zero.
    Positive,
    /// A finite number, zero or above.
    NonNegative,
}

impl Range {
    pub(crate) fn contains(self, value: f64) -> bool {
        value.is_finite()
            && match self {
                Self::Finite => true,
                Self::Positive => value > 0.0,
                Self::NonNegative => value >= 0.0,
            }
    }

    pub(crate) fn words(self) -> &'static str {
        match self {
            Self::Finite => "a finite number",
            Self::Positive => "a finite number above 0",
            Self::NonNegative => "a finite number not below 0",
        }
    }
}

/// How a row makes its activation.
pub(crate) enum Make {
    /// No parameter.
    Plain(Kind),
    /// One parameter, with its name, its default and its range.
    With {
        parameter: &'static str,
        default: f64,
        range: Range,
        make: fn(f64) -> Kind,
    },
}

/// One named activation.
pub(crate) struct Row {
    /// The canonical name.
    pub(crate) name: &'static str,
    /// Other names that the field uses.
    pub(crate) aliases: &'static [&'static str],
    /// How it is made.
    pub(crate) make: Make,
}

const fn plain(name: &'static str, aliases: &'static [&'static str], kind: Kind) -> Row {
    Row {
        name,
        aliases,
        make: Make::Plain(kind),
    }
}

const fn with(
    name: &'static str,
    parameter: &'static str,
    default: f64,
    range: Range,
    make: fn(f64) -> Kind,
) -> Row {
    Row {
        name,
        aliases: &[],
        make: Make::With {
            parameter,
            default,
            range,
            make,
        },
    }
}

/// Every named activation. The defaults are PyTorch's.
pub(crate) static ROWS: &[Row] = &[
    plain("identity", &["linear"], Kind::Identity),
    plain("relu", &[], Kind::Relu),
    with("leaky_relu", "slope", 0.01, Range::Finite, |slope| {
        Kind::LeakyRelu { slope }
    }),
    with("prelu", "slope", 0.25, Range::Finite, |slope| Kind::Prelu {
        slope,
    }),
    plain("relu6", &[], Kind::Relu6),
    with("elu", "alpha", 1.0, Range::Finite, |alpha| Kind::Elu {
        alpha,
    }),
    with("celu", "alpha", 1.0, Range::Positive, |alpha| Kind::Celu {
        alpha,
    }),
    plain("selu", &[], Kind::Selu),
    plain("gelu", &[], Kind::Gelu),
    plain("gelu_tanh", &["gelu_new"], Kind::GeluTanh),
    plain("quick_gelu", &[], Kind::QuickGelu),
    plain("silu", &[], Kind::Silu),
    with("swish", "beta", 1.0, Range::Finite, |beta| Kind::Swish {
        beta,
    }),
    plain("mish", &[], Kind::Mish),
    with("softplus", "beta", 1.0, Range::Positive, |beta| {
        Kind::Softplus { beta }
    }),
    plain("softsign", &[], Kind::Softsign),
    plain("tanh", &[], Kind::Tanh),
    plain("hardtanh", &[], Kind::Hardtanh),
    plain("sigmoid", &["logistic"], Kind::Sigmoid),
    plain("hardsigmoid", &["hard_sigmoid"], Kind::Hardsigmoid),
    plain("hardswish", &["hard_swish", "hard_silu"], Kind::Hardswish),
    plain("logsigmoid", &["log_sigmoid"], Kind::LogSigmoid),
    plain("tanhshrink", &[], Kind::Tanhshrink),
    with("softshrink", "lambda", 0.5, Range::NonNegative, |lambda| {
        Kind::Softshrink { lambda }
    }),
    with("hardshrink", "lambda", 0.5, Range::NonNegative, |lambda| {
        Kind::Hardshrink { lambda }
    }),
    plain("erf", &[], Kind::Erf),
    plain("arctan", &["atan"], Kind::Arctan),
    plain("sin", &[], Kind::Sin),
    plain("cos", &[], Kind::Cos),
    plain("gaussian", &[], Kind::Gaussian),
    plain("abs", &[], Kind::Abs),
    plain(
        "relu_squared",
        &["relu2", "squared_relu"],
        Kind::ReluSquared,
    ),
];

/// Every name and alias.
pub(crate) fn row_names() -> impl Iterator<Item = &'static str> {
    ROWS.iter()
        .flat_map(|row| row.aliases.iter().copied().chain([row.name]))
}

/// The row of a name or an alias.
pub(crate) fn find(name: &str) -> Option<&'static Row> {
    ROWS.iter()
        .find(|row| row.name == name || row.aliases.contains(&name))
}

/// The canonical name of a named activation, and its parameter if it has one.
pub(crate) fn describe(kind: &Kind) -> (&'static str, Option<f64>) {
    match *kind {
        Kind::Identity => ("identity", None),
        Kind::Relu => ("relu", None),
        Kind::LeakyRelu { slope } => ("leaky_relu", Some(slope)),
        Kind::Prelu { slope } => ("prelu", Some(slope)),
        Kind::Relu6 => ("relu6", None),
        Kind::Elu { alpha } => ("elu", Some(alpha)),
        Kind::Celu { alpha } => ("celu", Some(alpha)),
        Kind::Selu => ("selu", None),
        Kind::Gelu => ("gelu", None),
        Kind::GeluTanh => ("gelu_tanh", None),
        Kind::QuickGelu => ("quick_gelu", None),
        Kind::Silu => ("silu", None),
        Kind::Swish { beta } => ("swish", Some(beta)),
        Kind::Mish => ("mish", None),
        Kind::Softplus { beta } => ("softplus", Some(beta)),
        Kind::Softsign => ("softsign", None),
        Kind::Tanh => ("tanh", None),
        Kind::Hardtanh => ("hardtanh", None),
        Kind::Sigmoid => ("sigmoid", None),
        Kind::Hardsigmoid => ("hardsigmoid", None),
        Kind::Hardswish => ("hardswish", None),
        Kind::LogSigmoid => ("logsigmoid", None),
        Kind::Tanhshrink => ("tanhshrink", None),
        Kind::Softshrink { lambda } => ("softshrink", Some(lambda)),
        Kind::Hardshrink { lambda } => ("hardshrink", Some(lambda)),
        Kind::Erf => ("erf", None),
        Kind::Arctan => ("arctan", None),
        Kind::Sin => ("sin", None),
        Kind::Cos => ("cos", None),
        Kind::Gaussian => ("gaussian", None),
        Kind::Abs => ("abs", None),
        Kind::ReluSquared => ("relu_squared", None),
        Kind::Expression(_) => ("expression", None),
    }
}

/// The candidate nearest to `word`, if it is near enough to be what was meant.
pub(crate) fn nearest<'a>(
    word: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    // A third of the letters wrong is still a typing error; more is another word.
    let limit = (word.chars().count() / 3).max(1);
    candidates
        .into_iter()
        .map(|candidate| (edit_distance(word, candidate), candidate))
        .filter(|&(distance, _)| distance <= limit)
        .min_by_key(|&(distance, _)| distance)
        .map(|(_, candidate)| candidate)
}

/// The edits between two words: letters inserted, left out, replaced, or swapped with a neighbour
/// (the optimal string alignment distance).
fn edit_distance(left: &str, right: &str) -> usize {
    let left: Vec<char> = left.chars().collect();
    let right: Vec<char> = right.chars().collect();
    let mut rows = vec![(0..=right.len()).collect::<Vec<usize>>()];
    for (i, &a) in left.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, &b) in right.iter().enumerate() {
            let replaced = rows[i][j] + usize::from(a != b);
            let mut least = replaced.min(rows[i][j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && a == right[j - 1] && left[i - 1] == b {
                least = least.min(rows[i - 1][j - 1] + 1);
            }
            row.push(least);
        }
        rows.push(row);
    }
    rows[left.len()][right.len()]
}
