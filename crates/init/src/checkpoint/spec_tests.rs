use super::*;

fn names(text: &str) -> Vec<String> {
    let spec = Spec::from_toml(text).unwrap();
    spec.tensors.into_iter().map(|tensor| tensor.name).collect()
}

fn refused(text: &str) -> SpecError {
    Spec::from_toml(text).unwrap_err()
}

#[test]
fn neighbours_are_laid_out_together_and_counters_nest() {
    let text = r#"
        dtype = "f32"
        repeat = { layer = 2, expert = 2 }
        tensor = [
            { name = "in", shape = [1] },
            { name = "{layer}.norm", shape = [1] },
            { name = "{layer}.{expert}.{a,b}", shape = [1] },
            { name = "out", shape = [1] },
            { name = "{layer}.late.{layer}", shape = [1] },
        ]
    "#;
    let expected =
        "in 0.norm 0.0.a 0.0.b 0.1.a 0.1.b 1.norm 1.0.a 1.0.b 1.1.a 1.1.b out 0.late.0 1.late.1";
    assert_eq!(names(text).join(" "), expected);
}

#[test]
fn choices_multiply_and_may_be_empty() {
    let text = r#"
        dtype = "f32"
        tensor = [{ name = "{a,b}{,_g}.w", shape = [1] }]
    "#;
    assert_eq!(names(text), ["a.w", "a_g.w", "b.w", "b_g.w"]);
}

#[test]
fn formats_layouts_and_layers_are_read() {
    let spec = Spec::from_toml(
        r#"
        dtype = "bf16"
        layout = "io"
        tensor = [
            { name = "dense", shape = [3, 4] },
            { name = "conv", shape = [8, 2, 3], layer = "conv", groups = 2, layout = "oi", dtype = "F32" },
            { name = "steps", shape = [], dtype = "i64" },
        ]
        [[rule]]
        match = "*"
        scheme = "zeros"
        "#,
    )
    .unwrap();
    let [dense, conv, steps] = &spec.tensors[..] else {
        panic!("three tensors")
    };
    assert_eq!(dense.dtype, StoredDtype::BF16);
    assert_eq!(dense.reading, Some((Reading::Linear, Layout::InOut)));
    assert_eq!(conv.dtype, StoredDtype::F32);
    assert_eq!(
        conv.reading,
        Some((Reading::Convolution { groups: 2 }, Layout::OutIn))
    );
    assert_eq!((steps.dtype, steps.shape.len()), (StoredDtype::I64, 0));
    assert_eq!(spec.rules.unwrap().rules().len(), 1);
}

#[test]
fn bad_specs_have_their_errors() {
    let one =
        |name: &str| format!("dtype = \"f32\"\ntensor = [{{ name = \"{name}\", shape = [1] }}]");
    for name in ["a{", "a}", "{a{b}}", "{x,{y}}"] {
        let error = refused(&one(name));
        assert!(
            matches!(
                error,
                SpecError::Name {
                    fault: NameFault::Brace,
                    ..
                }
            ),
            "{name}: {error}"
        );
    }
    assert!(matches!(
        refused(&one("")),
        SpecError::Name {
            fault: NameFault::Empty,
            ..
        }
    ));
    let error = refused(&one(&"a".repeat(4097)));
    assert!(
        matches!(
            error,
            SpecError::Name {
                fault: NameFault::TooLong { .. },
                ..
            }
        ),
        "{error}"
    );
    let error = refused(&one("a.{layer}"));
    assert!(
        error.to_string().contains("repeat = { layer = 32 }"),
        "{error}"
    );
    let error = refused(&format!("repeat = {{ layer = 2 }}\n{}", one("a")));
    assert!(matches!(error, SpecError::IdleCounter { .. }), "{error}");
    let error = refused(&format!("repeat = {{ layer = 0 }}\n{}", one("{layer}")));
    assert!(matches!(error, SpecError::ZeroCounter { .. }), "{error}");
    let error = refused(&format!(
        "repeat = {{ a = 4294967296, b = 4294967296 }}\n{}",
        one("{a}{b}")
    ));
    assert!(
        matches!(error, SpecError::TooMany { count: u64::MAX }),
        "{error}"
    );
    let error = refused("tensor = [{ name = \"a\", shape = [1] }]");
    assert!(matches!(error, SpecError::NoDtype { .. }), "{error}");
    let error = refused("dtype = \"f31\"\ntensor = []");
    assert!(matches!(error, SpecError::Dtype { .. }), "{error}");
    let error = refused("dtype = \"f32\"\ntensor = [{ name = \"a\", shape = [1], groups = 2 }]");
    assert!(matches!(error, SpecError::Layer { .. }), "{error}");
    for text in [
        "tensor = 3",
        "dtype = \"f32\"",
        "tensor = [{ name = \"a\", shape = [-1] }]",
        "tensr = []",
    ] {
        assert!(matches!(refused(text), SpecError::Toml { .. }), "{text}");
    }
    let error = refused(&format!("{}\n[[rule]]\nmatch = \"*\"", one("a")));
    assert!(matches!(error, SpecError::Rules(_)), "{error}");
}
