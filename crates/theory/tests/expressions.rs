//! Expressions: values, derivatives, kinks, and every way in which one can be wrong.

use evenkeel_theory::{Activation, ActivationError, Gain, GainError, Kind, Moments};
use proptest::prelude::*;

fn parsed(text: &str) -> Activation {
    Activation::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn refused(text: &str) -> ActivationError {
    Activation::parse(text).expect_err(text)
}

#[test]
fn an_expression_is_the_activation_that_it_spells() {
    let twins = [
        ("x*sigmoid(1.702*x)", "quick_gelu"),
        ("max(x,0)^2", "relu_squared"),
        ("where(x > 0, x, 0.1*x)", "leaky_relu(0.1)"),
        ("x*normal_cdf(x)", "gelu"),
        ("0.5*x*(1 + erf(x/sqrt(2)))", "gelu"),
        ("x*tanh(ln(1 + exp(x)))", "mish"),
        ("clamp(x, -1, 1)", "hardtanh"),
        ("x/(1 + abs(x))", "softsign"),
        ("exp(-x^2)", "gaussian"),
        ("relu(x) - 0.2*relu(-x)", "leaky_relu(0.2)"),
        ("where(abs(x) <= 0.5, 0, x)", "hardshrink(0.5)"),
        ("min(max(x, 0), 6)", "relu6"),
        ("1 - 2/(exp(2*x) + 1)", "tanh"),
        ("x * clamp(x/6 + 1/2, 0, 1)", "hardswish"),
        ("-ln(1 + exp(-x))", "logsigmoid"),
    ];
    for (text, name) in twins {
        let (ours, theirs) = (parsed(text), parsed(name));
        assert!(matches!(ours.kind(), Kind::Expression(_)), "{text}");
        for x in [-7.3, -2.9, -0.7, -0.1, 0.2, 0.9, 2.4, 6.5] {
            let close = |a: f64, b: f64| (a - b).abs() < 1e-12 * (1.0 + b.abs());
            assert!(close(ours.value(x), theirs.value(x)), "{text} at {x}");
            assert!(
                close(ours.derivative(x), theirs.derivative(x)),
                "{text}' at {x}"
            );
            let second = (ours.second_derivative(x), theirs.second_derivative(x));
            assert!(close(second.0, second.1), "{text}'' at {x}: {second:?}");
        }
        let (ours, theirs) = (Gain::of(&ours).unwrap(), Gain::of(&theirs).unwrap());
        assert!(
            (ours.forward / theirs.forward - 1.0).abs() < 1e-12,
            "{text}"
        );
        assert!(
            (ours.chi_q - theirs.chi_q).abs() < 1e-12,
            "{text}: {} {}",
            ours.chi_q,
            theirs.chi_q
        );
        assert!((ours.chi_1 - theirs.chi_1).abs() < 1e-12, "{text}");
    }
}

#[test]
fn kinks_and_jumps_are_found_to_the_last_bit() {
    assert_eq!(parsed("max(x, 0.3)").breakpoints(), [0.3]);
    assert_eq!(
        parsed("abs(x - 1) + abs(x + 2.5)").breakpoints(),
        [-2.5, 1.0]
    );
    assert_eq!(parsed("where(x < 1/3, 0, x)").breakpoints(), [1.0 / 3.0]);
    assert_eq!(parsed("relu6(2*x)").breakpoints(), [0.0, 3.0]);
    assert_eq!(parsed("hardshrink(x - 1, 2)").breakpoints(), [-1.0, 3.0]);
    assert!(parsed("x*sigmoid(1.702*x)").breakpoints().is_empty());
    let roots = parsed("max(x^2 - 2, 0)");
    let root = std::f64::consts::SQRT_2;
    for (found, expected) in roots.breakpoints().iter().zip([-root, root]) {
        assert!((found - expected).abs() <= 2.0 * f64::EPSILON, "{found}");
    }
    let step = parsed("step(x - 0.25) * (x + 1)");
    let jump = step.jumps()[0];
    assert_eq!((jump.at, jump.before), (0.25, 0.0));
    assert!((jump.after - 1.25).abs() < 1e-14);
    assert_eq!(parsed("max(x, 0)").kinks().len(), 1);
    assert!(parsed("max(x, 0)^2").kinks().is_empty());
    // Where frameworks have a slope at a kink, so does an expression.
    assert_eq!(parsed("sqrt(x^2)").derivative(0.0), 0.0);
}

#[test]
fn names_are_recognised_in_both_forms() {
    assert_eq!(parsed("tanh(x)"), parsed("tanh"));
    assert_eq!(parsed(" leaky_relu( 0.1 ) "), parsed("leaky_relu(x, 0.1)"));
    assert_eq!(parsed("x"), Activation::identity());
    assert_eq!(parsed("swish(1)").to_string(), "swish(1)");
    for activation in Activation::all() {
        assert_eq!(parsed(&activation.to_string()), activation);
    }
}

#[test]
fn precedence_is_that_of_mathematics() {
    let rows = [
        ("-x^2", -9.0),
        ("2^-x", 0.125),
        ("2*x^2^1", 18.0),
        ("x - 1 - 1", 1.0),
        ("12 / x / 2", 2.0),
        ("--x", 3.0),
        ("-2*x + 1", -5.0),
        ("x**2", 9.0),
        ("x^x", 27.0),
        ("2 * (x + 1) ^ 2", 32.0),
        ("1e1 + .5 + 2.", 12.5),
    ];
    for (text, expected) in rows {
        let guarded = format!("where(x > 0.5, {text}, 0)");
        let value = parsed(&guarded).value(3.0);
        assert!((value - expected).abs() < 1e-13, "{text}: {value}");
    }
}

#[test]
fn each_mistake_has_its_own_error() {
    let syntax = refused("x * (1 + ");
    assert_eq!(
        syntax.to_string(),
        "at column 10: expected a number, `x`, a function or `(`, found the end"
    );
    assert!(matches!(
        refused("x x"),
        ActivationError::Syntax { column: 3, .. }
    ));
    assert!(matches!(
        refused("2x"),
        ActivationError::Syntax { column: 2, .. }
    ));
    assert!(matches!(
        refused("x $ 2"),
        ActivationError::Syntax { column: 3, .. }
    ));
    assert!(matches!(
        refused("1e999*x"),
        ActivationError::Syntax { column: 1, .. }
    ));
    assert!(matches!(
        refused("where(x, 1, 2)"),
        ActivationError::Syntax { column: 8, .. }
    ));
    assert!(matches!(
        refused("é"),
        ActivationError::Syntax { column: 1, .. }
    ));
    assert!(matches!(
        refused("elu(x, x)"),
        ActivationError::Syntax { column: 8, .. }
    ));
    let unknown = refused("1 + tanj(x)");
    assert_eq!(
        unknown.to_string(),
        "unknown name `tanj` at column 5; did you mean `tanh`?"
    );
    assert!(refused("gleu").to_string().contains("did you mean `gelu`?"));
    assert!(matches!(
        refused("frobnicate"),
        ActivationError::UnknownName {
            suggestion: None,
            ..
        }
    ));
    assert!(matches!(refused("   "), ActivationError::Empty));
    assert!(matches!(
        refused("max(x)"),
        ActivationError::ArgumentCount { got: 1, .. }
    ));
    assert!(matches!(
        refused("celu(0)"),
        ActivationError::Parameter { got: 0.0, .. }
    ));
    assert!(matches!(
        refused("relu(2)"),
        ActivationError::ParameterCount { .. }
    ));
    let undefined = refused("log(x)");
    assert!(
        matches!(undefined, ActivationError::Undefined { at } if at < 0.0),
        "{undefined}"
    );
    assert!(undefined.to_string().contains("defined on the whole line"));
    assert!(matches!(
        refused("1/x"),
        ActivationError::Infinite { at: 0.0 }
    ));
    assert!(matches!(
        refused("exp(exp(x))"),
        ActivationError::Infinite { .. }
    ));
    assert!(matches!(
        refused("sign(sin(400*x))"),
        ActivationError::TooManyBreakpoints { .. }
    ));
    assert!(matches!(
        Gain::of(&parsed("exp(x^2)")).unwrap_err(),
        GainError::Expectation { .. }
    ));
    assert!(matches!(
        Gain::of(&parsed("0*x")).unwrap_err(),
        GainError::ZeroSecondMoment { .. }
    ));
    assert!(matches!(
        Gain::of(&parsed("2 + 0*x")).unwrap_err(),
        GainError::Constant { .. }
    ));
    let flat = Gain::of(&parsed("sign(x)")).unwrap();
    assert_eq!((flat.backward, flat.forward), (None, 1.0));
    assert!(flat.verdict().to_string().contains("No gradient passes"));
}

#[test]
fn hostile_input_ends_quickly() {
    let started = std::time::Instant::now();
    let deep = format!("{}x{}", "(".repeat(1000), ")".repeat(1000));
    assert!(matches!(refused(&deep), ActivationError::TooDeep { .. }));
    assert!(matches!(
        refused(&format!("{}x", "-".repeat(1900))),
        ActivationError::TooDeep { .. }
    ));
    assert!(matches!(
        refused(&"x^".repeat(900)),
        ActivationError::TooDeep { .. }
    ));
    assert!(matches!(
        refused(&"x+".repeat(900)),
        ActivationError::TooLong { .. }
    ));
    assert!(matches!(
        refused(&"9".repeat(1 << 20)),
        ActivationError::TooLong { .. }
    ));
    // As deep and as long as it gets, it still evaluates.
    let nested = format!("{}x{}", "max(0,(".repeat(20), "))".repeat(20));
    assert_eq!(parsed(&nested).value(2.0), 2.0);
    let wiggly = format!("{}x", "sin(9*x)*".repeat(40));
    let _ = Gain::of(&parsed(&wiggly));
    let _ = Gain::at(&parsed("sin(x^3)"), 1e6);
    assert!(started.elapsed().as_secs() < 10, "{:?}", started.elapsed());
}

#[test]
fn jumps_that_were_missed_do_not_spoil_the_slope() {
    // Beyond |x| = 16 the jumps of this wave are closer than the samples.
    let wave = parsed("sign(sin(3*x)) * 0.5 + x");
    for q in [1.0, 400.0] {
        let h = 1e-3 * q;
        let second = |q: f64| Moments::at(&wave, q).unwrap().second_moment.value;
        let difference = (second(q + h) - second(q - h)) / (2.0 * h);
        let slope = Moments::at(&wave, q).unwrap().second_moment_slope.value;
        assert!(
            (slope - difference).abs() < 1e-4,
            "{q}: {slope} {difference}"
        );
    }
}

/// Any expression of the grammar, as text.
fn any_expression() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just("x".to_owned()),
        Just("pi".to_owned()),
        (0.01_f64..9.0).prop_map(|value| format!("{value}")),
        (1_u8..9).prop_map(|value| value.to_string()),
    ];
    leaf.prop_recursive(5, 40, 3, |inner| {
        let function = prop::sample::select(vec![
            "tanh", "exp", "relu", "erf", "sin", "gelu", "abs", "softplus", "sign", "asinh",
        ]);
        let operator = prop::sample::select(vec!["+", "-", "*", "/"]);
        prop_oneof![
            (function, inner.clone()).prop_map(|(f, a)| format!("{f}({a})")),
            (inner.clone(), operator, inner.clone())
                .prop_map(|(a, op, b)| format!("({a}) {op} ({b})")),
            (inner.clone(), -3_i8..4).prop_map(|(a, n)| format!("({a})^{n}")),
            inner.clone().prop_map(|a| format!("-({a})")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("max({a}, {b})")),
            (inner.clone(), inner.clone(), inner)
                .prop_map(|(a, b, c)| format!("where({a} < {b}, {b}, {c})")),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(300) })]

    #[test]
    fn the_text_of_an_expression_reads_back(text in any_expression()) {
        if let Ok(activation) = Activation::parse(&text) {
            let again = Activation::parse(&activation.to_string());
            prop_assert_eq!(again, Ok(activation));
        }
    }

    #[test]
    fn derivatives_are_those_of_the_values(text in any_expression(), x in -2.0_f64..2.0) {
        let Ok(activation) = Activation::parse(&text) else { return Ok(()) };
        let near = |k: &f64| (k - x).abs() < 1e-3;
        let h = 1e-5;
        let value = |x: f64| activation.value(x);
        let slope = activation.derivative(x);
        // A finite difference can be trusted where the third derivative is moderate.
        let bend = |x: f64| activation.second_derivative(x);
        let third = (bend(x + h) - bend(x - h)) / (2.0 * h);
        let calm = value(x).abs() < 1e3 && slope.abs() < 1e4 && third.abs() < 1e4;
        if activation.breakpoints().iter().any(near) || !calm {
            return Ok(());
        }
        let difference = (value(x + h) - value(x - h)) / (2.0 * h);
        // h²·third/6 and the rounding ε·value/h.
        prop_assert!((difference - slope).abs() < 1e-5 * (1.0 + slope.abs()), "{} at {}", text, x);
        let difference = (activation.derivative(x + h) - activation.derivative(x - h)) / (2.0 * h);
        prop_assert!((difference - bend(x)).abs() < 1e-4 * (1.0 + bend(x).abs() + third.abs()));
    }

    #[test]
    fn nothing_panics(text in "[x0-9a-z+*/^(),.<> -]{0,40}") {
        let _ = Activation::parse(&text);
    }
}

#[test]
fn functions_have_the_values_and_slopes_of_their_closed_forms() {
    /// φ, φ′ and φ″ at a point.
    type Jet = fn(f64) -> [f64; 3];
    // (log1p(x²))′ = 2x/(1 + x²); tan′ = 1 + tan²; erfc′ = −2/√π·e^{−x²}.
    let cases: [(&str, Jet); 4] = [
        ("log1p(x^2)", |x| {
            let d = 1.0 + x * x;
            [libm::log(d), 2.0 * x / d, 2.0 * (1.0 - x * x) / (d * d)]
        }),
        ("expm1(x)", |x| [libm::expm1(x), libm::exp(x), libm::exp(x)]),
        ("sinh(x) + cosh(x)", |x| {
            [libm::exp(x), libm::exp(x), libm::exp(x)]
        }),
        ("tan(atan(x))", |x| [x, 1.0, 0.0]),
    ];
    for (text, closed_form) in cases {
        let activation = parsed(text);
        for x in [-3.1, -0.7, -1e-9, 0.0, 1e-9, 0.4, 2.6] {
            let expected = closed_form(x);
            let found = [
                activation.value(x),
                activation.derivative(x),
                activation.second_derivative(x),
            ];
            for (found, expected) in found.into_iter().zip(expected) {
                let allowed = 1e-14 * libm::exp(x.abs());
                assert!(
                    (found - expected).abs() <= allowed,
                    "{text} at {x}: {found}, not {expected}"
                );
            }
        }
    }
    // Near zero nothing is lost: e^x − 1 there is x, to 10⁻⁹ of it.
    assert!((parsed("expm1(x)").value(1e-12) / 1e-12 - 1.0).abs() < 1e-11);
}

#[test]
fn the_upper_tail_of_erfc_is_kept() {
    let erfc = parsed("erfc(x)");
    // Abramowitz and Stegun, table 7.1 and 7.3, to the digits that f64 holds.
    for (x, expected) in [
        (-1.0, 1.842_700_792_949_715),
        (0.0, 1.0),
        (1.0, 0.157_299_207_050_285_13),
        (3.0, 2.209_049_699_858_544e-5),
    ] {
        assert!((erfc.value(x) / expected - 1.0).abs() < 1e-14, "{x}");
        let slope = -std::f64::consts::FRAC_2_SQRT_PI * libm::exp(-x * x);
        assert!((erfc.derivative(x) / slope - 1.0).abs() < 1e-13, "{x}");
        let curvature = -2.0 * x * slope;
        assert!((erfc.second_derivative(x) - curvature).abs() < 1e-13, "{x}");
    }
    assert!(erfc.value(20.0) > 0.0, "{}", erfc.value(20.0));
}

#[test]
fn each_comparison_decides_its_own_side_of_equality() {
    for (comparison, at_the_edge) in [("<", 3.0), ("<=", 2.0), (">", 3.0), (">=", 2.0)] {
        let activation = parsed(&format!("where(x {comparison} 1, 2, 3) + 0*x"));
        let below = if comparison.starts_with('<') {
            2.0
        } else {
            3.0
        };
        assert_eq!(activation.value(1.0), at_the_edge, "{comparison}");
        assert_eq!(activation.value(0.5), below, "{comparison}");
        assert_eq!(activation.value(1.5), 5.0 - below, "{comparison}");
    }
}

#[test]
fn what_is_printed_is_read_as_the_same_function() {
    for text in [
        "(1 + x^2)^(-0.5)",
        "where(x >= 1, x, 1)",
        "-(x - (1 - x))/(2/(1 + x^2))",
        "clamp(x, -1, 2)^3",
    ] {
        let activation = parsed(text);
        let again = parsed(&activation.to_string());
        for x in [-2.5, -0.3, 0.0, 0.9, 1.0, 3.5] {
            assert_eq!(
                activation.value(x),
                again.value(x),
                "{text} at {x}: {again}"
            );
        }
    }
}

#[test]
fn a_wrong_number_of_arguments_says_how_many_are_meant() {
    for (text, expected) in [
        ("clamp(x, 1)", "3"),
        ("exp(x, x)", "1"),
        ("elu(x, 1, 2)", "1 or 2"),
    ] {
        let error = refused(text);
        assert!(
            matches!(&error, ActivationError::ArgumentCount { expected: e, .. } if *e == expected),
            "{error}"
        );
    }
    let unexpected = refused("x * (1 + 2 3)").to_string();
    assert!(unexpected.contains("found the number 3"), "{unexpected}");
    let range = refused("softshrink(-1)").to_string();
    assert!(range.contains("a finite number not below 0"), "{range}");
}
