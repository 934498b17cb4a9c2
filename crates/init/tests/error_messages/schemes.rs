//! Distributions, layers, schemes and rules.

use evenkeel_init::{
    Axis, Bounds, Convention, Distribution, DistributionError, Fan, Geometry, GeometryError,
    InitError, Layout, Packing, Parameters, Preset, Reading, Role, Rules, RulesError, Scheme, Seed,
    Shape, TensorShape, f16,
};
use evenkeel_theory::{Activation, ActivationError, GainError};

#[test]
fn distributions() {
    use DistributionError as E;
    let sigmas = |low, high| Bounds::Sigmas { low, high };
    let truncated =
        |std, bounds| Distribution::truncated_normal(0.0, std, bounds, Convention::Resulting);
    refused!(
        Distribution::normal(f64::NAN, 1.0),
        E::NotFinite {
            parameter: "mean",
            ..
        },
        "normal: mean is NaN, expected a finite number",
    );
    refused!(
        Distribution::normal(0.0, -1.0),
        E::Std { std: -1.0, .. },
        "normal: std is -1, expected",
        "give the standard deviation, not a log or a difference",
    );
    refused!(
        Distribution::uniform(2.0, 1.0),
        E::EmptyInterval { .. },
        "uniform: the interval from 2 to 1 is empty, expected low < high",
    );
    refused!(
        truncated(1.0, sigmas(90.0, 91.0)),
        E::BeyondTail {
            low: 90.0,
            high: 91.0,
            ..
        },
        "from 90σ to 91σ lies beyond",
        "widen the bounds, or check their unit",
    );
    let absolute = Bounds::Absolute {
        low: -1.0,
        high: 1.0,
    };
    refused!(
        truncated(5.0, absolute),
        E::UnattainableStd { std: 5.0, .. },
        "std 5 cannot come out between -1 and 1",
        "widen the bounds, or give them in σ",
    );
    let wide = Distribution::uniform(1e6, 2e6).unwrap();
    let stream = Seed(0).stream("w");
    refused!(
        wide.fill(&stream, 0, &mut [f16::default(); 2]),
        E::NotRepresentable { .. },
        "uniform: f16 cannot hold its values, from 1000000 to 2000000",
        "use a wider format, or another scale",
    );
    refused!(
        wide.fill(&stream, u64::MAX, &mut [0.0_f32; 2]),
        E::PastTheEnd {
            start: u64::MAX,
            len: 2
        },
        "2 elements from element 18446744073709551615 runs past the last index",
    );
}

#[test]
fn layers() -> Result<(), GeometryError> {
    use GeometryError as E;
    refused!(
        Geometry::linear(0, 3),
        E::Empty { .. },
        "linear",
        "every dimension must be at least 1",
    );
    refused!(
        Geometry::linear(1 << 40, 1 << 40),
        E::TooLarge { .. },
        "linear",
        "the number of elements overflows; check the shape",
    );
    refused!(
        Geometry::convolution(4, 6, &[3, 3])?.with_groups(4),
        E::Groups { groups: 4, .. },
        "4 groups do not divide 4 outputs and 6 inputs",
        "choose groups that divide both",
    );
    refused!(
        Geometry::linear(4, 4)?.with_groups(2),
        E::NotGrouped { .. },
        "linear",
        "has no groups; only convolutions do",
    );
    for kernel in [&[][..], &[1, 1, 1, 1]] {
        refused!(
            Geometry::convolution(4, 4, kernel),
            E::KernelRank { .. },
            &format!("1 to 3 dimensions, not {}", kernel.len()),
            "by explicit axes",
        );
    }
    let per_head = Packing::PerHead(4);
    for (heads, shared, packing) in [
        (6, 4, Packing::Blocked),
        (6, 0, Packing::Blocked),
        (6, 3, per_head),
    ] {
        refused!(
            Geometry::grouped_query(64, heads, shared, 8, packing),
            E::Heads { .. },
            &format!("6 query heads cannot share {shared} key-value heads"),
            "choose a divisor of the query heads",
        );
    }
    refused!(
        Geometry::linear(4, 4)?.with_experts(8)?.with_experts(2),
        E::AlreadyStacked { experts: 8 },
        "already a stack of 8 experts",
        "explicit batch axes",
    );
    refused!(
        Reading::Linear.geometry(&[3], Layout::OutIn),
        E::Rank { .. },
        "a linear layer has 2 dimensions, but the shape [3] has 1",
    );
    refused!(
        Reading::Recurrent { gates: 4 }.geometry(&[10, 3], Layout::OutIn),
        E::Split { length: 10, .. },
        "dimension 10 of shape [10, 3] does not split into 4 gates",
    );
    refused!(
        Geometry::explicit(&[Axis::new(3, Role::Parts)]),
        E::ExplicitParts { role: Role::Parts },
        "role Parts cannot be given by explicit axes; use Geometry::packed",
    );
    refused!(
        "fan".parse::<Fan>(),
        E::Unknown { .. },
        "no fan is named \"fan\"; known are fan_in, fan_out",
    );
    refused!(
        "ihwo".parse::<Layout>(),
        E::Unknown { .. },
        "no layout is named \"ihwo\"; known are oi, io",
    );
    Ok(())
}

#[test]
fn schemes() -> Result<(), InitError> {
    use InitError as E;
    let named = |name: &str, activation: Option<&str>, std| {
        let activation = activation.map(String::from);
        let given = Parameters {
            activation,
            std,
            ..Parameters::default()
        };
        Scheme::named(name, &given)
    };
    let prepare =
        |scheme: Scheme, layer: &Geometry| scheme.prepare(layer, &Seed(0).stream("w")).map(drop);
    let layer = Geometry::linear(4, 4)?;
    refused!(
        Geometry::linear(0, 4).map_err(E::from),
        E::Geometry(GeometryError::Empty { .. }),
        "every dimension must be at least 1",
    );
    refused!(
        prepare(Scheme::normal(0.0, -1.0), &layer),
        E::Distribution {
            source: DistributionError::Std { .. },
            ..
        },
        "normal(mean=0, std=-1) on linear",
        "std is -1",
    );
    refused!(
        prepare(Scheme::orthogonal(-1.0), &layer),
        E::Parameter {
            parameter: "gain",
            value: -1.0,
            ..
        },
        "orthogonal(gain=-1): gain is -1, but it must be",
    );
    refused!(
        prepare(Scheme::lecun_normal(), &Geometry::vector(4)?),
        E::NoFans { .. },
        "divides by a fan, and a vector of 4",
        "use zeros, ones, or uniform",
    );
    refused!(
        prepare(Scheme::dirac(1.0), &layer),
        E::Unsuited { .. },
        "dirac(gain=1) needs a convolution",
        "but got a linear",
    );
    refused!(
        named("kaiming_normal", Some("0*x"), None),
        E::Gain(GainError::ZeroSecondMoment { .. }),
        "no gain preserves the signal",
    );
    refused!(
        named("kaiming_normal", Some("reluu"), None),
        E::Activation(ActivationError::UnknownName { .. }),
        "unknown name `reluu`",
        "did you mean `relu`?",
    );
    refused!(
        Scheme::for_activation(&Activation::parse("sign(x)")?, Fan::Out, Shape::Normal),
        E::FlatActivation { .. },
        "sign(x) is flat, so no scale keeps its gradient",
        "use the forward gain (fan_in), or another activation",
    );
    let ones = Scheme::ones().prepare(&layer, &Seed(0).stream("w"))?;
    refused!(
        ones.fill(3..17, &mut [0.0_f32; 14]),
        E::Range {
            start: 3,
            end: 17,
            length: 16
        },
        "elements 3..17 do not lie within the tensor's 16",
    );
    refused!(
        ones.fill(3..5, &mut [0.0_f32; 3]),
        E::SliceLength {
            expected: 2,
            got: 3
        },
        "the range has 2 elements, but the slice to fill has 3",
    );
    // 2⁵⁷ bytes and more: past the address space, so refused whatever memory there is.
    let huge = Geometry::linear(1 << 27, 1 << 27)?;
    let orthogonal = Scheme::orthogonal(1.0).prepare(&huge, &Seed(0).stream("w"))?;
    refused!(
        orthogonal.fill(0..1, &mut [0.0_f32]),
        E::Memory { .. },
        "orthogonal(gain=1) on linear",
        "must be made whole, which takes",
        "use a scheme that draws element by element",
    );
    refused!(
        named("kaimingnormal", None, None),
        E::UnknownScheme { .. },
        "no scheme is named \"kaimingnormal\"; known are",
        "kaiming_normal",
    );
    refused!(
        named("zeros", None, Some(1.0)),
        E::SchemeParameter {
            parameter: "std",
            ..
        },
        "zeros does not take \"std\"; it takes no parameters",
    );
    refused!(
        named("truncated_normal", None, None),
        E::SchemeParameter {
            parameter: "std",
            ..
        },
        "truncated_normal needs \"std\"; it takes",
    );
    Ok(())
}

#[test]
fn rules() -> Result<(), RulesError> {
    use RulesError as E;
    let toml = |text: &str| Rules::from_toml(text);
    let tensors = [TensorShape::new("fc.weight", &[2, 3])];
    refused!(toml("rule = 3"), E::Toml { .. }, "rules: ", "rule = 3");
    refused!(toml(""), E::Toml { .. }, "there is no [[rule]] in it");
    refused!(
        toml("[[rule]]\nregex = \"(\"\nscheme = \"zeros\""),
        E::Pattern { .. },
        "the pattern \"(\" cannot be read",
        "unclosed",
    );
    refused!(
        toml("[[rule]]\nmatch = \"fc.*\""),
        E::Rule { number: 1, .. },
        "rule 1 (fc.*): give either scheme or default",
    );
    refused!(
        toml("[[rule]]\nmatch = \"*\"\nscheme = \"zeroes\""),
        E::Scheme { number: 1, .. },
        "rule 1 (*): no scheme is named \"zeroes\"; known are",
    );
    refused!(
        toml("[[rule]]\nmatch = \"bias\"\nscheme = \"zeros\"")?.assign(&tensors),
        E::Unmatched { .. },
        "no rule matches fc.weight",
        "add one, or a last one that matches \"*\"",
    );
    let idle =
        "[[rule]]\nmatch = \"*\"\nscheme = \"zeros\"\n[[rule]]\nmatch = \"fc*\"\nscheme = \"ones\"";
    refused!(
        toml(idle)?.assign(&tensors),
        E::Idle { .. },
        "no tensor is left for fc*",
        "remove them, mend their patterns, or move them before",
    );
    refused!(
        toml("[[rule]]\nmatch = \"*\"\nscheme = \"zeros\"\nlayer = \"embedding\"")?
            .assign(&[TensorShape::new("fc.bias", &[3])]),
        E::Tensor { .. },
        "tensor \"fc.bias\", rule *: a embedding has 2 dimensions, but the shape [3] has 1",
    );
    refused!(
        Preset::Gpt2.rules(tensors.iter().map(|tensor| tensor.name.as_str())),
        E::Layers { preset: "gpt2", .. },
        "gpt2 scales by the number of blocks, and no tensor is named like h.N",
        "choose another preset, or give rules",
    );
    refused!(
        "torch".parse::<Preset>(),
        E::UnknownPreset { .. },
        "no preset is named \"torch\"; known are pytorch, keras",
    );
    Ok(())
}
