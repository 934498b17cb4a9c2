use super::*;
use crate::{InitError, Role};

fn rules(text: &str) -> Result<Rules, RulesError> {
    Rules::from_toml(text)
}

fn tensor(name: &str, shape: &[usize]) -> TensorShape {
    TensorShape::new(name, shape)
}

#[test]
fn the_first_rule_that_matches_decides() -> Result<(), RulesError> {
    let rules = rules(
        r#"
        [[rule]]
        match = "head.*"
        rank = 2
        scheme = "zeros"

        [[rule]]
        regex = '\.(weight|kernel)$'
        scheme = "lecun_normal"

        [[rule]]
        match = "*"
        scheme = "ones"
        "#,
    )?;
    let tensors = [
        tensor("head.weight", &[3, 4]),
        tensor("head.bias", &[3]),
        tensor("body.weight", &[3, 4]),
        tensor("a.kernel", &[3, 4]),
    ];
    let assigned = rules.assign(&tensors)?;
    let found: Vec<_> = assigned.iter().map(|a| (a.rule, a.scheme.name())).collect();
    assert_eq!(
        found,
        [
            (0, "zeros"),
            (2, "ones"),
            (1, "lecun_normal"),
            (1, "lecun_normal")
        ]
    );
    Ok(())
}

#[test]
fn a_star_matches_dots_and_a_glob_the_whole_name() -> Result<(), RulesError> {
    let rule = Rule::glob("blocks.*.weight", Scheme::zeros())?;
    for (name, matches) in [
        ("blocks.0.attn.weight", true),
        ("blocks.0/attn.weight", true),
        ("model.blocks.0.weight", false),
        ("blocks.0.weight_g", false),
    ] {
        assert_eq!(rule.matches(&tensor(name, &[2]).seen()), matches, "{name}");
    }
    Ok(())
}

#[test]
fn every_kind_of_layer_can_be_asked_for() -> Result<(), RulesError> {
    let layers: [(&str, &[usize], Reading); 12] = [
        (r#"layer = "linear""#, &[6, 4], Reading::Linear),
        (
            "layer = \"convolution\"\ngroups = 2",
            &[6, 2, 3],
            Reading::Convolution { groups: 2 },
        ),
        (
            r#"layer = "transposed-convolution""#,
            &[6, 2, 3],
            Reading::TransposedConvolution { groups: 1 },
        ),
        (
            "layer = \"depthwise\"\nmultiplier = 2",
            &[6, 1, 3],
            Reading::Depthwise { multiplier: 2 },
        ),
        (r#"layer = "embedding""#, &[6, 4], Reading::Embedding),
        (
            "layer = \"packed\"\nparts = 3",
            &[6, 4],
            Reading::PackedEvenly { parts: 3 },
        ),
        (
            "layer = \"packed\"\nparts = [4, 1, 1]",
            &[6, 4],
            Reading::Packed {
                parts: vec![4, 1, 1],
                packing: crate::Packing::Blocked,
            },
        ),
        (
            "layer = \"packed\"\nparts = [1, 1, 1]\nhead_groups = 2",
            &[6, 4],
            Reading::Packed {
                parts: vec![1, 1, 1],
                packing: crate::Packing::PerHead(2),
            },
        ),
        (
            "layer = \"recurrent\"\ngates = 3",
            &[6, 4],
            Reading::Recurrent { gates: 3 },
        ),
        (
            "layer = \"gate-bias\"\ngates = 3",
            &[6],
            Reading::GateBias { gates: 3 },
        ),
        (
            "layer = \"axes\"\naxes = [\"in\", \"out\", \"out\"]",
            &[6, 2, 2],
            Reading::Explicit {
                roles: vec![Role::In, Role::Out, Role::Out],
            },
        ),
        (
            "layer = \"linear\"\nexperts = \"first\"",
            &[2, 6, 4],
            Reading::Experts {
                of: Box::new(Reading::Linear),
            },
        ),
    ];
    for (layer, shape, reading) in layers {
        let rules = rules(&format!(
            "[[rule]]\nmatch = \"w\"\nscheme = \"ones\"\n{layer}"
        ))?;
        let assigned = rules.assign(&[tensor("w", shape)])?;
        let expected = reading.geometry(shape, Layout::OutIn);
        assert_eq!(Ok(assigned[0].geometry.clone()), expected, "{layer}");
    }
    Ok(())
}

#[test]
fn a_default_may_stand_for_a_scheme() -> Result<(), RulesError> {
    let rules = rules("[[rule]]\nmatch = \"*\"\ndefault = \"keras\"")?;
    let assigned = rules.assign(&[tensor("dense/kernel", &[4, 6]), tensor("dense/bias", &[6])])?;
    assert_eq!(assigned[0].geometry.fan_in(), 4);
    assert_eq!(assigned[0].scheme, Scheme::xavier_uniform(1.0));
    assert_eq!(assigned[1].scheme, Scheme::zeros());
    Ok(())
}

#[test]
fn files_that_say_too_little_or_too_much_are_refused() {
    let cases = [
        ("", "there is no [[rule]]"),
        ("[[rule]\n", "TOML"),
        (
            "[[rule]]\nmatch = \"*\"\nscheme = \"zeros\"\ncolour = 1",
            "unknown field `colour`",
        ),
        (
            "[[rule]]\nscheme = \"zeros\"",
            "rule 1 (): give either match or regex",
        ),
        (
            "[[rule]]\nmatch = \"a\"\nregex = \"a\"\nscheme = \"zeros\"",
            "give either match or regex",
        ),
        (
            "[[rule]]\nmatch = \"a\"",
            "rule 1 (a): give either scheme or default",
        ),
        (
            "[[rule]]\nmatch = \"a\"\nscheme = \"zeros\"\ndefault = \"flax\"",
            "give either scheme or default",
        ),
        (
            "[[rule]]\nmatch = \"a\"\ndefault = \"flax\"\nwith = { std = 1.0 }",
            "with belongs to a scheme",
        ),
        (
            "[[rule]]\nmatch = \"a[\"\nscheme = \"zeros\"",
            "the pattern \"a[\" cannot be read",
        ),
        (
            "[[rule]]\nregex = \"a(\"\nscheme = \"zeros\"",
            "the pattern \"a(\" cannot be read",
        ),
        (
            "[[rule]]\nmatch = \"a\"\nscheme = \"zeroes\"",
            "no scheme is named \"zeroes\"",
        ),
        (
            "[[rule]]\nmatch = \"a\"\nscheme = \"normal\"",
            "normal needs \"std\"",
        ),
        (
            "[[rule]]\nmatch = \"a\"\nscheme = \"ones\"\ngroups = 2",
            "need a layer",
        ),
        (
            "[[rule]]\nmatch = \"a\"\nscheme = \"ones\"\nlayer = \"linear\"\ngroups = 2",
            "this layer has no groups",
        ),
        (
            "[[rule]]\nmatch = \"a\"\nscheme = \"ones\"\nlayer = \"packed\"",
            "this layer needs parts",
        ),
        (
            "[[rule]]\nmatch = \"a\"\nscheme = \"ones\"\nlayer = \"packed\"\nparts = 2\nhead_groups = 2",
            "this layer has no head_groups",
        ),
        (
            "[[rule]]\nmatch = \"a\"\nscheme = \"ones\"\nlayer = \"recurrent\"",
            "this layer needs gates",
        ),
    ];
    for (text, message) in cases {
        let error = rules(text).expect_err(message);
        assert!(
            error.to_string().contains(message),
            "{error} does not say {message}"
        );
    }
}

#[test]
fn tensors_without_a_rule_and_rules_without_a_tensor_are_listed() -> Result<(), RulesError> {
    let of = |patterns: &[&str]| {
        let rules = patterns.iter().map(|p| Rule::glob(p, Scheme::zeros()));
        rules.collect::<Result<Vec<_>, _>>().map(Rules::new)
    };
    let many: Vec<_> = (0..30).map(|i| tensor(&format!("w{i}"), &[2])).collect();
    let error = of(&["b*"])?.assign(&many).expect_err("nothing matches");
    assert!(
        matches!(&error, RulesError::Unmatched { names } if names.len() == 30),
        "{error}"
    );
    assert!(error.to_string().contains("w0, w1, w2"), "{error}");
    assert!(error.to_string().contains("w19 and 10 more"), "{error}");

    let error = of(&["*", "w1"])?
        .assign(&many)
        .expect_err("the second is shadowed");
    assert_eq!(
        error,
        RulesError::Idle {
            patterns: vec!["w1".into()]
        }
    );
    Ok(())
}

#[test]
fn a_rule_that_does_not_suit_its_tensor_says_which() -> Result<(), RulesError> {
    let rules = Rules::new(vec![Rule::glob("*", Scheme::orthogonal(1.0))?]);
    let error = rules
        .assign(&[tensor("norm.bias", &[3])])
        .expect_err("no matrix");
    let unsuited = |source: &InitError| matches!(source, InitError::Unsuited { .. });
    assert!(
        matches!(&error, RulesError::Tensor { source, .. } if unsuited(source)),
        "{error}"
    );
    let message = error.to_string();
    assert!(
        message.contains("tensor \"norm.bias\", rule *: orthogonal(gain=1) needs"),
        "{message}"
    );
    Ok(())
}

#[test]
fn a_tensor_may_say_what_layer_it_is_and_a_rule_may_say_otherwise() -> Result<(), RulesError> {
    let grouped = Reading::Convolution { groups: 4 };
    let tensors = [
        tensor("a.weight", &[8, 2, 3]).read_as(grouped.clone(), Layout::OutIn),
        tensor("b.weight", &[8, 2, 3]).read_as(grouped, Layout::OutIn),
        tensor("c.weight", &[8, 2, 3]),
    ];
    let rules = rules(
        r#"
        [[rule]]
        match = "b.*"
        layer = "conv-transpose"
        scheme = "lecun_normal"

        [[rule]]
        match = "*"
        scheme = "lecun_normal"
        "#,
    )?;
    let assigned = rules.assign(&tensors)?;
    let fans: Vec<_> = assigned
        .iter()
        .map(|a| (a.geometry.fan_in(), a.geometry.fan_out()))
        .collect();
    assert_eq!(fans, [(2 * 3, 2 * 3), (8 * 3, 2 * 3), (2 * 3, 8 * 3)]);
    Ok(())
}

#[test]
fn a_bias_takes_its_fan_in_from_what_its_weight_says() -> Result<(), RulesError> {
    // 4 inputs of one group times 3 taps; PyTorch itself divides by dimension 1 times the taps.
    let weight = tensor("conv.weight", &[8, 4, 3]);
    let tensors = [
        weight.read_as(Reading::Convolution { groups: 2 }, Layout::OutIn),
        tensor("conv.bias", &[8]),
        tensor("bn.running_mean", &[8]),
        tensor("bn.running_var", &[8]),
        tensor("bn.num_batches_tracked", &[1]),
    ];
    let assigned = Rules::of_framework(Framework::Pytorch).assign(&tensors)?;
    let said: Vec<_> = assigned.iter().map(|a| a.scheme.name()).collect();
    assert_eq!(said[2..], ["zeros", "ones", "zeros"]);
    let bias = &assigned[1];
    let expected = Scheme::pytorch_linear_default_bias(4 * 3);
    assert_eq!(bias.scheme, expected);
    Ok(())
}
