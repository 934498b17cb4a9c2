use super::*;
use crate::{Fan, Geometry, InitError, Layout, Packing, Seed, TensorShape};

/// The std that a default gives a layer's weight.
fn std_of(default: &LayerDefault) -> Result<f64, InitError> {
    Ok(default
        .scheme
        .prepare(&default.geometry, &Seed(0).stream("w"))?
        .std())
}

fn close(found: f64, expected: f64) -> bool {
    // Both are a few roundings of the same closed form; the truncated normal's is 1e-12.
    (found / expected - 1.0).abs() < 1e-11
}

#[test]
fn weights_have_the_scale_that_the_framework_gives_them() -> Result<(), InitError> {
    use Framework::{Flax, Keras, Pytorch};
    let io = Layout::InOut;
    let linear = Geometry::linear(256, 784)?;
    let conv = Geometry::convolution(64, 32, &[3, 3])?.with_groups(4)?;
    let up = Geometry::transposed_convolution(16, 64, &[4, 4])?;
    let depthwise = Geometry::depthwise(32, 2, &[3, 3])?;
    let qkv = Geometry::query_key_value(768, 12, 64, Packing::Blocked)?;
    let embedding = Geometry::embedding(1000, 64)?;
    let lstm = Geometry::recurrent(4, 128, 64)?;
    let xavier = |fan_in: f64, fan_out: f64| (2.0 / (fan_in + fan_out)).sqrt();
    let cases = [
        (Pytorch, linear.clone(), (1.0 / (3.0 * 784.0_f64)).sqrt()),
        (Keras, linear.clone().with_layout(io), xavier(784.0, 256.0)),
        (Flax, linear.with_layout(io), 1.0 / 784.0_f64.sqrt()),
        (Pytorch, conv.clone(), (1.0 / (3.0 * 72.0_f64)).sqrt()),
        // Keras does not see the groups in fan_out: 64·9, not 16·9.
        (Keras, conv.with_layout(io), xavier(72.0, 576.0)),
        // PyTorch reads a transposed convolution's fans swapped: 16·16 for 64·16.
        (Pytorch, up.clone(), (1.0 / (3.0 * 256.0_f64)).sqrt()),
        (Flax, up.with_layout(io), 1.0 / 1024.0_f64.sqrt()),
        (Pytorch, depthwise.clone(), (1.0 / (3.0 * 9.0_f64)).sqrt()),
        // Keras reads a depthwise kernel's channels as inputs that are summed over.
        (
            Keras,
            depthwise.with_layout(io),
            xavier(32.0 * 9.0, 2.0 * 9.0),
        ),
        // MultiheadAttention: all three as one matrix.
        (Pytorch, qkv, xavier(768.0, 2304.0)),
        (Pytorch, embedding.clone(), 1.0),
        (Keras, embedding.clone(), 0.1 / 12.0_f64.sqrt()),
        (Flax, embedding, 0.125),
        (Pytorch, lstm.clone(), (1.0 / (3.0 * 128.0_f64)).sqrt()),
        (Keras, lstm.with_layout(io), xavier(64.0, 512.0)),
    ];
    for (framework, layer, expected) in cases {
        let found = std_of(&framework.weight(&layer))?;
        assert!(
            close(found, expected),
            "{framework:?}, {layer}: {found}, not {expected}"
        );
    }
    Ok(())
}

#[test]
fn biases_and_states_have_what_the_framework_gives_them() -> Result<(), InitError> {
    let linear = Geometry::linear(10, 16)?;
    let up = Geometry::transposed_convolution(16, 64, &[1])?;
    let lstm = Geometry::recurrent(4, 9, 3)?;
    let texts = [
        (
            Framework::Pytorch.bias(&linear),
            "uniform(low=-0.25, high=0.25)",
        ),
        (
            Framework::Pytorch.bias(&up),
            "uniform(low=-0.25, high=0.25)",
        ),
        (Framework::Keras.bias(&linear), "zeros"),
        (
            Framework::Keras.bias(&lstm),
            "lstm_bias(forget=1, order=ifco)",
        ),
        (Framework::Flax.bias(&lstm), "zeros"),
        (Framework::Flax.norm_scale(), "ones"),
        (Framework::Keras.norm_bias(), "zeros"),
        (
            Framework::Keras.recurrent_weight(&lstm).scheme,
            "orthogonal(gain=1)",
        ),
    ];
    for (scheme, text) in texts {
        assert_eq!(scheme.to_string(), text);
    }
    let third = Framework::Pytorch.bias(&lstm).to_string();
    assert!(third.starts_with("uniform(low=-0.333"), "{third}");
    Ok(())
}

#[test]
fn keras_and_flax_differ_in_how_gates_share_an_orthogonal_matrix() -> Result<(), InitError> {
    let state = Geometry::recurrent(4, 8, 8)?.with_layout(Layout::InOut);
    assert_eq!(
        Framework::Keras
            .recurrent_weight(&state)
            .geometry
            .block_count(),
        1
    );
    assert_eq!(
        Framework::Flax
            .recurrent_weight(&state)
            .geometry
            .block_count(),
        4
    );
    Ok(())
}

fn names(tensors: &[TensorShape]) -> impl Iterator<Item = &str> {
    tensors.iter().map(|tensor| tensor.name.as_str())
}

#[test]
fn pytorch_names_tell_layers_norms_biases_and_cells() -> Result<(), RulesError> {
    let tensors = [
        TensorShape::new("fc.weight", &[10, 16]),
        TensorShape::new("fc.bias", &[10]),
        TensorShape::new("norm.weight", &[10]),
        TensorShape::new("norm.bias", &[10]),
        TensorShape::new("embed.weight", &[100, 8]),
        TensorShape::new("rnn.weight_ih_l0", &[64, 5]),
        TensorShape::new("rnn.weight_hh_l0", &[64, 16]),
        TensorShape::new("rnn.bias_ih_l0", &[64]),
    ];
    let assigned = Preset::Pytorch.rules(names(&tensors))?.assign(&tensors)?;
    let schemes: Vec<String> = assigned.iter().map(|a| a.scheme.to_string()).collect();
    let quarter = "uniform(low=-0.25, high=0.25)";
    assert!(
        schemes[0].starts_with("pytorch_default_weight"),
        "{schemes:?}"
    );
    let rest = [
        quarter,
        "ones",
        "zeros",
        "normal(mean=0, std=1)",
        quarter,
        quarter,
        quarter,
    ];
    assert_eq!(schemes[1..], rest);
    Ok(())
}

#[test]
fn gpt2_shrinks_what_writes_into_the_stream() -> Result<(), RulesError> {
    let tensors: Vec<TensorShape> = [
        ("transformer.wte.weight", vec![100, 32]),
        ("transformer.h.0.ln_1.weight", vec![32]),
        ("transformer.h.0.ln_1.bias", vec![32]),
        ("transformer.h.0.attn.c_attn.weight", vec![32, 96]),
        ("transformer.h.0.attn.c_attn.bias", vec![96]),
        ("transformer.h.11.attn.c_proj.weight", vec![32, 32]),
        ("transformer.h.11.mlp.c_fc.weight", vec![32, 128]),
    ]
    .into_iter()
    .map(|(name, shape)| TensorShape::new(name, &shape))
    .collect();
    let assigned = Preset::Gpt2.rules(names(&tensors))?.assign(&tensors)?;
    let schemes: Vec<String> = assigned.iter().map(|a| a.scheme.to_string()).collect();
    let normal = "normal(mean=0, std=0.02)";
    let residual = "gpt2_residual(std=0.02, layers=12)";
    assert_eq!(
        schemes,
        [normal, "ones", "zeros", normal, "zeros", residual, normal]
    );
    assert_eq!(
        (
            assigned[3].geometry.fan_in(),
            assigned[3].geometry.fan_out()
        ),
        (32, 32)
    );
    let error = Preset::Gpt2
        .rules(names(&tensors[..1]))
        .expect_err("no layers");
    assert!(
        error.to_string().contains("no tensor is named like h.N"),
        "{error}"
    );
    Ok(())
}

#[test]
fn a_vision_transformer_keeps_its_patch_embedding_as_pytorch_leaves_it() -> Result<(), RulesError> {
    let tensors: Vec<TensorShape> = [
        ("cls_token", vec![1, 1, 32]),
        ("pos_embed", vec![1, 17, 32]),
        ("patch_embed.proj.weight", vec![32, 1, 4, 4]),
        ("patch_embed.proj.bias", vec![32]),
        ("blocks.0.norm1.weight", vec![32]),
        ("blocks.0.norm1.bias", vec![32]),
        ("blocks.0.attn.qkv.weight", vec![96, 32]),
        ("blocks.0.attn.qkv.bias", vec![96]),
    ]
    .into_iter()
    .map(|(name, shape)| TensorShape::new(name, &shape))
    .collect();
    let assigned = Preset::VitTimm.rules(names(&tensors))?.assign(&tensors)?;
    let schemes: Vec<String> = assigned.iter().map(|a| a.scheme.to_string()).collect();
    let truncated = "truncated_normal(mean=0, std=0.02 parent, low=-2, high=2)";
    assert_eq!(schemes[0], "normal(mean=0, std=0.000001)");
    assert_eq!(schemes[1], truncated);
    assert!(
        schemes[2].starts_with("pytorch_default_weight"),
        "{schemes:?}"
    );
    assert_eq!(schemes[3], "uniform(low=-0.25, high=0.25)");
    assert_eq!(schemes[4..], ["ones", "zeros", truncated, "zeros"]);
    Ok(())
}

#[test]
fn presets_are_had_by_their_names() {
    for preset in Preset::ALL {
        assert_eq!(preset.to_string().parse(), Ok(preset));
    }
    let error = "pytorsh".parse::<Preset>().expect_err("no such preset");
    assert!(
        error
            .to_string()
            .contains("known are pytorch, keras, flax, gpt2, vit-timm"),
        "{error}"
    );
}

#[test]
fn a_plain_reading_misses_groups_gates_and_swapped_axes() -> Result<(), InitError> {
    // The table of docs/geometry.md.
    let io = Layout::InOut;
    let rows = [
        (Geometry::linear(256, 784)?, (784, 256), (784, 256)),
        (
            Geometry::convolution(64, 32, &[3, 3])?,
            (288, 576),
            (288, 576),
        ),
        (
            Geometry::convolution(64, 32, &[3, 3])?.with_groups(4)?,
            (72, 576),
            (72, 576),
        ),
        (
            Geometry::transposed_convolution(16, 64, &[4, 4])?,
            (256, 1024),
            (1024, 256),
        ),
        (Geometry::depthwise(32, 2, &[3, 3])?, (9, 576), (288, 18)),
        (Geometry::embedding(1000, 64)?, (64, 1000), (1000, 64)),
        (
            Geometry::query_key_value(768, 12, 64, Packing::Blocked)?,
            (768, 2304),
            (768, 2304),
        ),
        (
            Geometry::grouped_query(768, 12, 4, 64, Packing::Blocked)?,
            (768, 1280),
            (768, 1280),
        ),
        (Geometry::recurrent(4, 128, 64)?, (64, 512), (64, 512)),
        (
            Geometry::linear(128, 64)?.with_experts(8)?,
            (8192, 512),
            (512, 1024),
        ),
    ];
    for (layer, pytorch, keras) in rows {
        let fans = |read: Geometry| (read.fan(Fan::In) as usize, read.fan(Fan::Out) as usize);
        assert_eq!(fans(Framework::Pytorch.as_read(&layer)), pytorch, "{layer}");
        assert_eq!(
            fans(Framework::Keras.as_read(&layer.clone().with_layout(io))),
            keras,
            "{layer}"
        );
    }
    Ok(())
}
