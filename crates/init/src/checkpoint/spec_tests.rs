use super::*;
use crate::Seed;
use crate::checkpoint::{ByteSize, Cut, Plan, assign};

fn names(text: &str) -> Vec<String> {
    let spec = Spec::from_toml(text).unwrap();
    let mut tensors = spec.tensors.iter();
    assert_eq!(tensors.len(), spec.tensors.len());
    let names: Vec<_> = tensors.by_ref().map(|tensor| tensor.name).collect();
    assert_eq!((names.len(), tensors.len()), (spec.tensors.len(), 0));
    assert_eq!(spec.tensors.is_empty(), names.is_empty());
    names
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

/// A network of 10,000 layers whose names have up to 64 bytes.
#[test]
fn a_very_deep_network_can_be_planned() {
    let text = r#"
        dtype = "bf16"
        repeat = { layer = 10000 }
        tensor = [
            { name = "model.embedding.weight", shape = [1024, 64] },
            { name = "model.decoder.blocks.{layer}.residual.{first,second}.convolution.weight", shape = [64, 64, 3, 3] },
            { name = "model.decoder.blocks.{layer}.residual.{first,second}.convolution.bias", shape = [64] },
            { name = "model.decoder.blocks.{layer}.{norm1,norm2}.{weight,bias}", shape = [64] },
            { name = "model.decoder.blocks.{layer}.{a,b,c,d}", shape = [] },
        ]
        [[rule]]
        match = "*"
        scheme = "normal"
        with = { std = 0.02 }
    "#;
    let names = names(text);
    assert_eq!(names.len(), 1 + 10_000 * 12);
    assert_eq!(names[0], "model.embedding.weight");
    assert_eq!(
        names[1 + 9_999 * 12 + 1],
        "model.decoder.blocks.9999.residual.second.convolution.weight"
    );
    assert_eq!(names[120_000], "model.decoder.blocks.9999.d");
    let spec = Spec::from_toml(text).unwrap();
    let planned = assign(spec.tensors.iter().collect(), &spec.rules.unwrap()).unwrap();
    let cut = Cut::AtMost(ByteSize(1_000_000_000));
    let plan = Plan::new(Seed(0), planned, &cut).unwrap();
    assert_eq!((plan.tensor_count(), plan.file_count()), (120_001, 2));
}

#[test]
fn names_and_shapes_that_take_too_much_are_refused_with_the_line_that_takes_most() {
    let spec = |name: usize, rank: usize| {
        let (name, ones) = ("x".repeat(name), vec!["1"; rank].join(","));
        format!(
            "dtype = \"f32\"\nrepeat = {{ i = 10000 }}\ntensor = [{{ name = \"{{i}}{name}\", shape = [{ones}] }}, \
             {{ name = \"{{i}}.short\", shape = [] }}]"
        )
    };
    // The numbers 0 to 9999 have 38890 digits; a dimension counts as 8 bytes.
    assert_eq!(names(&spec(1663, 0)).len(), 20_000);
    assert_eq!(names(&spec(1151, 64)).len(), 20_000);
    assert!(matches!(
        refused(&spec(1152, 64)),
        SpecError::TooLarge { .. }
    ));
    let error = refused(&spec(1664, 0));
    let message = error.to_string();
    assert!(
        matches!(
            error,
            SpecError::TooLarge {
                tensors: 20_000,
                bytes: 16_777_780,
                most: 16_678_890,
                ..
            }
        ),
        "{message}"
    );
    for words in [
        "spec: the names and shapes of its 20000 tensors take 16777780 bytes; the most is 16777216",
        ". \"{i}xxx",
        "xxx\" takes most, 16678890 bytes: shorten it, or let it stand for fewer tensors",
    ] {
        assert!(message.contains(words), "no {words:?} in {message}");
    }
}

#[test]
fn a_layer_of_many_parts_takes_memory_for_each() {
    let spec = |parts: usize| {
        let parts = vec!["1"; parts].join(",");
        format!(
            "dtype = \"f32\"\nrepeat = {{ i = 1000 }}\ntensor = [{{ name = \"{{i}}\", shape = [1, 1], \
             layer = \"packed\", parts = [{parts}] }}]"
        )
    };
    assert!(Spec::from_toml(&spec(2000)).is_ok());
    let error = refused(&spec(2200));
    assert!(matches!(error, SpecError::TooLarge { .. }), "{error}");
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
    let tensors: Vec<_> = spec.tensors.iter().collect();
    let [dense, conv, steps] = &tensors[..] else {
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
    let ones = vec!["1"; 65].join(",");
    let error = refused(&format!(
        "dtype = \"f32\"\ntensor = [{{ name = \"a\", shape = [{ones}] }}]"
    ));
    assert!(matches!(error, SpecError::Rank { rank: 65, .. }), "{error}");
    assert!(
        error
            .to_string()
            .contains("\"a\" has 65 dimensions; a tensor has at most 64"),
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
