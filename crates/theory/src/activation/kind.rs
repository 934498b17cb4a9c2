//! The list of activations.

use crate::expression::Expression;

/// Which function an activation is. The formulas stand beside each variant.
///
/// The engine and the initialisers match on this; [`Activation`](crate::Activation) evaluates it.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Kind {
    /// x
    Identity,
    /// max(x, 0)
    Relu,
    /// x for x > 0, `slope`·x otherwise
    LeakyRelu {
        /// The slope on the negative side.
        slope: f64,
    },
    /// As leaky ReLU, with a slope that a network would learn; here its initial value.
    Prelu {
        /// The slope on the negative side.
        slope: f64,
    },
    /// min(max(x, 0), 6)
    Relu6,
    /// x for x > 0, `alpha`·(eˣ − 1) otherwise
    Elu {
        /// The depth of the negative plateau.
        alpha: f64,
    },
    /// x for x > 0, `alpha`·(e^{x/alpha} − 1) otherwise
    Celu {
        /// The depth of the negative plateau; positive.
        alpha: f64,
    },
    /// λ·elu(x; α), with the λ and α that keep mean 0 and variance 1
    Selu,
    /// x·Φ(x), with the normal distribution function Φ
    Gelu,
    /// ½x(1 + tanh(√(2/π)(x + 0.044715x³)))
    GeluTanh,
    /// x·σ(1.702x)
    QuickGelu,
    /// x·σ(x)
    Silu,
    /// x·σ(`beta`·x)
    Swish {
        /// The steepness of the gate.
        beta: f64,
    },
    /// x·tanh(ln(1 + eˣ))
    Mish,
    /// ln(1 + e^{beta·x})/`beta`
    Softplus {
        /// The steepness; positive.
        beta: f64,
    },
    /// x/(1 + |x|)
    Softsign,
    /// tanh x
    Tanh,
    /// min(max(x, −1), 1)
    Hardtanh,
    /// σ(x) = 1/(1 + e^{−x})
    Sigmoid,
    /// min(max(x/6 + ½, 0), 1)
    Hardsigmoid,
    /// x·hardsigmoid(x)
    Hardswish,
    /// ln σ(x)
    LogSigmoid,
    /// x − tanh x
    Tanhshrink,
    /// x − `lambda` above `lambda`, x + `lambda` below −`lambda`, 0 between
    Softshrink {
        /// Half the width of the flat part; not negative.
        lambda: f64,
    },
    /// x outside \[−`lambda`, `lambda`\], 0 inside: it jumps at ±`lambda`
    Hardshrink {
        /// Half the width of the flat part; not negative.
        lambda: f64,
    },
    /// erf(x)
    Erf,
    /// arctan x
    Arctan,
    /// sin x
    Sin,
    /// cos x
    Cos,
    /// e^{−x²}
    Gaussian,
    /// |x|
    Abs,
    /// max(x, 0)²
    ReluSquared,
    /// What the user wrote
    Expression(Expression),
}
