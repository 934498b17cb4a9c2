//! What cannot be is refused in one clear message.

use evenkeel_init::{
    Bounds, Connections, Convention, DepthScale, Fan, GateOrder, Geometry, InitError, Scheme, Seed,
    Shape, f16,
};
use evenkeel_theory::Activation;

fn refused(scheme: &Scheme, layer: &Geometry) -> InitError {
    scheme
        .prepare(layer, &Seed(0).stream("w"))
        .expect_err(&scheme.to_string())
}

#[test]
fn parameters_outside_their_domain_are_refused() -> Result<(), InitError> {
    let layer = Geometry::linear(4, 4)?;
    let far = Bounds::Sigmas {
        low: 10.0,
        high: 11.0,
    };
    let empty = Bounds::Sigmas {
        low: 1.0,
        high: 1.0,
    };
    let whole = Bounds::Sigmas {
        low: -2.0,
        high: 2.0,
    };
    let truncated = |std, bounds| Scheme::truncated_normal(0.0, std, bounds, Convention::Resulting);
    let cases = [
        (Scheme::normal(0.0, -1.0), "std is -1"),
        (Scheme::normal(0.0, f64::NAN), "std is NaN"),
        (Scheme::normal(f64::INFINITY, 1.0), "mean is inf"),
        (Scheme::constant(f64::NAN), "NaN"),
        (Scheme::uniform(1.0, 1.0), "expected low < high"),
        (Scheme::uniform(f64::NEG_INFINITY, 1.0), "low is -inf"),
        (truncated(0.0, whole), "std is 0"),
        (truncated(1.0, empty), "is empty"),
        (truncated(1.0, far), "lies beyond"),
        (
            Scheme::variance_scaling(-1.0, Fan::In, Shape::Normal),
            "scale is -1, but it must be a finite number",
        ),
        (
            Scheme::kaiming_normal(-1.0, Fan::In),
            "gain is -1, but it must be a finite number",
        ),
        (Scheme::xavier_uniform(f64::INFINITY), "gain is inf"),
        (Scheme::pytorch_linear_default_bias(0), "inf"),
        (Scheme::orthogonal(-1.0), "gain is -1"),
        (Scheme::identity(f64::NAN), "gain is NaN"),
        (Scheme::zero_init(f64::NAN), "gain is NaN"),
        (
            Scheme::sparse(1.5, 1.0, Connections::PerOutput),
            "sparsity is 1.5, but it must be between",
        ),
        (
            Scheme::sparse(f64::NAN, 1.0, Connections::PerOutput),
            "sparsity is NaN",
        ),
        (
            Scheme::sparse(0.5, -1.0, Connections::PerOutput),
            "std is -1",
        ),
        (Scheme::gpt2_residual(0.02, 0), "layers is 0"),
        (
            Scheme::depth_scaled_truncated_normal(0.0, DepthScale::Index { layer: 0 }),
            "std is 0",
        ),
        (Scheme::mup_hidden(0.02, 0), "base_fan_in is 0"),
        (Scheme::mup_output(-0.02, 1), "std is -0.02"),
    ];
    for (scheme, message) in cases {
        let error = refused(&scheme, &layer).to_string();
        assert!(error.contains(message), "{error} does not say {message}");
        assert!(
            error.contains(scheme.name()),
            "{error} does not name {scheme}"
        );
    }
    Ok(())
}

#[test]
fn layers_that_a_scheme_does_not_suit_are_refused() -> Result<(), InitError> {
    let (vector, matrix) = (Geometry::vector(4)?, Geometry::linear(4, 4)?);
    let conv = Geometry::convolution(4, 4, &[3])?;
    let cell = Geometry::gate_bias(3, 4)?;
    let cases = [
        (
            Scheme::lecun_normal(),
            &vector,
            "divides by a fan, and a vector of 4",
        ),
        (Scheme::mup_embedding(1.0), &vector, "divides by a fan"),
        (Scheme::orthogonal(1.0), &vector, "needs a matrix"),
        (Scheme::orthogonal(1.0), &cell, "needs a matrix"),
        (
            Scheme::delta_orthogonal(1.0),
            &matrix,
            "needs a convolution",
        ),
        (
            Scheme::identity(1.0),
            &vector,
            "needs a matrix without a kernel",
        ),
        (
            Scheme::identity(1.0),
            &conv,
            "needs a matrix without a kernel",
        ),
        (Scheme::dirac(1.0), &matrix, "needs a convolution"),
        (Scheme::zero_init(1.0), &vector, "needs a matrix"),
        (Scheme::bilinear(), &matrix, "needs a convolution"),
        (
            Scheme::sparse(0.5, 1.0, Connections::PerInput),
            &conv,
            "needs a matrix without a kernel",
        ),
        (
            Scheme::lstm_bias(1.0, GateOrder::Ifco),
            &vector,
            "needs the bias of a cell with 4 gates",
        ),
        (
            Scheme::lstm_bias(1.0, GateOrder::Ifco),
            &cell,
            "but got a bias of 3 gates",
        ),
    ];
    for (scheme, layer, message) in cases {
        let error = refused(&scheme, layer);
        let kind = matches!(error, InitError::NoFans { .. } | InitError::Unsuited { .. });
        assert!(kind, "{error:?}");
        assert!(
            error.to_string().contains(message),
            "{error} does not say {message}"
        );
    }
    Ok(())
}

#[test]
fn ranges_outside_the_tensor_and_slices_of_another_length_are_refused() -> Result<(), InitError> {
    let prepared = Scheme::ones().prepare(&Geometry::linear(2, 3)?, &Seed(0).stream("w"))?;
    let mut out = [0.0_f32; 3];
    let cases = [
        (
            0..7,
            InitError::Range {
                start: 0,
                end: 7,
                length: 6,
            },
        ),
        (
            u64::MAX - 1..u64::MAX,
            InitError::Range {
                start: u64::MAX - 1,
                end: u64::MAX,
                length: 6,
            },
        ),
        (
            0..4,
            InitError::SliceLength {
                expected: 4,
                got: 3,
            },
        ),
    ];
    for (range, error) in cases {
        assert_eq!(prepared.fill(range, &mut out), Err(error));
    }
    let backwards = std::ops::Range { start: 4, end: 1 };
    let error = InitError::Range {
        start: 4,
        end: 1,
        length: 6,
    };
    assert_eq!(prepared.fill(backwards, &mut out), Err(error));
    assert_eq!(out, [0.0; 3], "nothing is written when a range is refused");
    assert_eq!(prepared.fill(6..6, &mut out[..0]), Ok(()));
    Ok(())
}

#[test]
fn a_format_too_narrow_for_the_values_is_refused() -> Result<(), InitError> {
    let prepared =
        Scheme::uniform(1e6, 2e6).prepare(&Geometry::vector(4)?, &Seed(0).stream("w"))?;
    let error = prepared
        .fill(0..4, &mut [f16::default(); 4])
        .expect_err("f16 ends at 65504");
    assert!(
        error
            .to_string()
            .contains("uniform(low=1000000, high=2000000) on vector of 4"),
        "{error}"
    );
    Ok(())
}

#[test]
fn an_activation_gives_its_gain_or_says_why_not() -> Result<(), InitError> {
    let step = Activation::parse("x-x+1").map_err(InitError::from);
    if let Ok(constant) = step {
        let error =
            Scheme::for_activation(&constant, Fan::In, Shape::Normal).expect_err("constant");
        assert!(matches!(error, InitError::Gain(_)), "{error:?}");
    }
    let leaky = Activation::parse("leaky_relu(0.1)")?;
    // √(2/(1 + a²)) both ways.
    let gain = (2.0_f64 / 1.01).sqrt();
    for (fan, shape) in [
        (Fan::In, Shape::Normal),
        (Fan::Out, Shape::Uniform),
        (Fan::Average, Shape::TruncatedNormal),
    ] {
        let scheme = Scheme::for_activation(&leaky, fan, shape)?;
        let prepared = scheme.prepare(&Geometry::linear(25, 25)?, &Seed(0).stream("w"))?;
        assert!(
            (prepared.std() * 5.0 / gain - 1.0).abs() < 1e-10,
            "{scheme}"
        );
    }
    Ok(())
}
