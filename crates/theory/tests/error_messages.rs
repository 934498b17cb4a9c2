//! Every error there is, as a caller meets it: its variant, and what its message says of what is
//! wrong, where, what was expected and what to do.

use evenkeel_theory::gaussian::{Covariance, ExpectationError, expectation};
use evenkeel_theory::{
    Activation, ActivationError, Direction, FiniteWidth, FiniteWidthError, Gain, GainError,
    MeanField, MeanFieldError, critical_line, critical_point, layer_log_moment, log_rms_band,
};

/// Asserts the variant of an error, and that its message has each of these parts.
macro_rules! refused {
    ($result:expr, $variant:pat, $($part:expr),+ $(,)?) => {{
        let error = $result.expect_err(stringify!($result));
        assert!(matches!(error, $variant), "{error:?}");
        let text = error.to_string();
        for part in [$($part),+] {
            assert!(text.contains(part), "{text:?} does not say {part:?}");
        }
    }};
}

fn parsed(text: &str) -> Activation {
    Activation::parse(text).expect(text)
}

#[test]
fn activations() {
    use ActivationError as E;
    let deep = format!("{}x{}", "(".repeat(1000), ")".repeat(1000));
    let parse = |text: &str| Activation::parse(text);
    refused!(parse(" "), E::Empty, "no activation given", "`relu`");
    refused!(
        parse("1 + frobnicate"),
        E::UnknownName {
            column: 5,
            suggestion: None,
            ..
        },
        "`frobnicate` at column 5",
        "`evenkeel gain --all` lists the names",
    );
    refused!(
        parse("1 + tanj(x)"),
        E::UnknownName {
            suggestion: Some(_),
            ..
        },
        "did you mean `tanh`?",
    );
    refused!(
        parse("celu(0)"),
        E::Parameter { got: 0.0, .. },
        "celu: alpha must be",
        "got 0",
    );
    refused!(
        parse("x + max(x)"),
        E::ArgumentCount {
            column: 5,
            got: 1,
            ..
        },
        "max at column 5 takes 2",
        "got 1",
    );
    refused!(
        parse("x x"),
        E::Syntax { column: 3, .. },
        "at column 3: expected an operator",
        "found `x`",
    );
    refused!(
        parse(&"x+".repeat(900)),
        E::TooLong { .. },
        "too long: at most",
        "shorten it",
    );
    refused!(
        parse(&deep),
        E::TooDeep { .. },
        "at column",
        "nested more than",
        "simplify",
    );
    refused!(
        parse("log(x)"),
        E::Undefined { .. },
        "not a number at x = -",
        "ln(abs(x) + 1)",
    );
    refused!(
        parse("1/x"),
        E::Infinite { at: 0.0 },
        "infinite at x = 0",
        "add to the denominator",
    );
    refused!(
        parse("sign(sin(400*x))"),
        E::TooManyBreakpoints { .. },
        "more than",
        "kinks and jumps; use a smoother function",
    );
    refused!(
        parse("relu(2)"),
        E::ParameterCount {
            expected: 0,
            got: 1,
            ..
        },
        "relu takes 0 parameter(s), got 1; write `relu`",
    );
}

#[test]
fn expectations() {
    use ExpectationError as E;
    refused!(
        expectation(|x| x, f64::NAN, &[]),
        E::Variance { .. },
        "variance must be finite and not below 0, got NaN",
    );
    for q in [-1.0, f64::INFINITY] {
        refused!(Covariance::new(1.0, q, 0.5), E::Variance { .. }, "variance");
    }
    refused!(
        Covariance::new(1.0, 1.0, -1.5),
        E::Correlation { got: -1.5 },
        "correlation must lie in [-1, 1], got -1.5",
    );
    refused!(
        expectation(libm::log, 1.0, &[]),
        E::Undefined { .. },
        "not a number at x = -",
        "defined on the whole line",
    );
    refused!(
        expectation(|x| libm::exp(x * x), 1.0, &[]),
        E::NotIntegrable { .. },
        "Gaussian of variance 1",
        "settle at x = ",
        "use a smaller variance or a slower function",
    );
    refused!(
        expectation(|x| libm::tanh(x) - x, 1e-12, &[]),
        E::Accuracy { .. },
        "converged only to a relative error of",
        "wanted",
        "near x = ",
        "oscillates too fast",
    );
}

#[test]
fn gains() {
    use GainError as E;
    for q in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        refused!(
            Gain::at(&Activation::tanh(), q),
            E::Variance { .. },
            "q must be finite and above 0",
            &format!("got {q}"),
        );
    }
    refused!(
        Gain::of(&parsed("0*x")),
        E::ZeroSecondMoment { q: 1.0, .. },
        "second moment at q = 1 is 0",
        "use a larger q or another activation",
    );
    refused!(
        Gain::at(&parsed("0*x"), 1e300),
        E::ZeroSecondMoment { q: 1e300, .. },
        "second moment at q = 1.000e300 is 0",
    );
    refused!(
        Gain::of(&parsed("2 + 0*x")),
        E::Constant { .. },
        "it is constant",
        "use an activation that varies",
    );
    refused!(
        Gain::of(&parsed("exp(x^2)")),
        E::Expectation {
            source: ExpectationError::NotIntegrable { .. },
            ..
        },
        "exp(x^2): ",
        "grows too fast",
    );
}

#[test]
fn mean_fields() {
    use MeanFieldError as E;
    let net = |name: &str, w2, b2| MeanField::new(&parsed(name), w2, b2);
    refused!(
        net("tanh", -1.0, 0.0),
        E::Parameter {
            parameter: "sigma_w2",
            ..
        },
        "sigma_w2 must be finite and not below 0, got -1",
    );
    let tanh = net("tanh", 1.5, 0.1).unwrap();
    refused!(
        tanh.correlation_map(1.0).unwrap().value(1.5),
        E::Parameter { got: 1.5, .. },
        "the correlation must be in [-1, 1], got 1.5",
    );
    refused!(
        tanh.variance_map(-1.0),
        E::Expectation {
            source: ExpectationError::Variance { got: -1.0 },
            ..
        },
        "tanh: the variance must be finite and not below 0, got -1",
    );
    refused!(
        net("relu", 2.5, 0.0).unwrap().equilibrium(),
        E::Diverges { sigma_w2: 2.5, .. },
        "relu with sigma_w2 = 2.5, sigma_b2 = 0",
        "use a smaller sigma_w2",
    );
    refused!(
        critical_point(&Activation::relu(), 0.1),
        E::NoCriticalPoint { sigma_b2: 0.1, .. },
        "relu has no critical point at sigma_b2 = 0.1",
        "its only one is at sigma_b2 = 0",
    );
    refused!(
        critical_line(&parsed("sign(x)"), &[1.0]),
        E::Flat { .. },
        "sign(x) is flat almost everywhere",
        "use an activation with a slope",
    );
    let jump = critical_line(&parsed("x + sign(x)"), &[1.0]);
    let point = jump.unwrap().pop();
    if let Some(point) = point {
        refused!(
            point.approach(&parsed("x + sign(x)")),
            E::Parameter { got: 0.0, .. },
            "without jumps, but this one jumps at, got 0",
        );
    }
}

#[test]
fn finite_widths() {
    use FiniteWidthError as E;
    let relu = Activation::relu();
    refused!(
        log_rms_band(&relu, &[8, 0], 0.95),
        E::Width { layer: 1 },
        "layer 1 has width 0",
        "at least one neuron",
    );
    for confidence in [0.0, 1.0, f64::NAN] {
        refused!(
            log_rms_band(&relu, &[8], confidence),
            E::Confidence { .. },
            "strictly between 0 and 1, such as 0.95",
            &format!("got {confidence}"),
        );
    }
    let silent = MeanField::new(&Activation::tanh(), 0.0, 0.0).unwrap();
    refused!(
        FiniteWidth::new(&silent, 1.0, &[8, 8]),
        E::Silent { layer: 1 },
        "0 or infinite at layer 1",
        "use another variance or another activation",
    );
    refused!(
        layer_log_moment(&Activation::tanh(), 8, -1.0, Direction::Forward),
        E::MeanField(MeanFieldError::Expectation { .. }),
        "tanh: the variance must be finite and not below 0, got -1",
    );
    refused!(
        log_rms_band(&parsed("0*x"), &[8], 0.95),
        E::Gain(GainError::ZeroSecondMoment { .. }),
        "no gain preserves the signal",
    );
}
