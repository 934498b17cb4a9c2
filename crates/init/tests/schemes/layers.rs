use evenkeel_init::{Axis, Geometry, GeometryError, Layer, Layout, Packing, Role};

/// A layer, its fans counted by hand, and the same with outputs and inputs swapped.
pub(crate) struct Sample {
    pub(crate) geometry: Geometry,
    /// By part, where parts differ.
    pub(crate) fans: Vec<Fans>,
    pub(crate) swapped: Option<Geometry>,
}

#[derive(Clone, Copy)]
pub(crate) struct Fans {
    /// Elements of all blocks with these fans.
    pub(crate) elements: usize,
    pub(crate) fan_in: f64,
    pub(crate) fan_out: f64,
    /// Rows and columns (kernel included) of one block's matrix.
    pub(crate) rows: usize,
    pub(crate) columns: usize,
    pub(crate) taps: usize,
}

fn alike(elements: usize, rows: usize, inputs: usize, taps: usize) -> Vec<Fans> {
    vec![of(elements, rows, inputs, taps)]
}

fn of(elements: usize, rows: usize, inputs: usize, taps: usize) -> Fans {
    Fans {
        elements,
        fan_in: (inputs * taps) as f64,
        fan_out: (rows * taps) as f64,
        rows,
        columns: inputs * taps,
        taps,
    }
}

/// Layers of some tens of thousands of elements each, in both layouts: enough to tell scales
/// apart by a few percent.
pub(crate) fn layers() -> Result<Vec<Sample>, GeometryError> {
    let conv = |out, inputs| Geometry::convolution(out, inputs, &[3, 5]);
    let up = |out, inputs| Geometry::transposed_convolution(out, inputs, &[2, 4]);
    let sample = |geometry, fans, swapped| Sample {
        geometry,
        fans,
        swapped: Some(swapped),
    };
    let groups = |geometry: Geometry| geometry.with_groups(4);
    let mut samples = vec![
        sample(
            Geometry::linear(96, 320)?,
            alike(30_720, 96, 320, 1),
            Geometry::linear(320, 96)?,
        ),
        sample(
            Geometry::linear(320, 96)?,
            alike(30_720, 320, 96, 1),
            Geometry::linear(96, 320)?,
        ),
        sample(
            Geometry::convolution(128, 48, &[5])?,
            alike(30_720, 128, 48, 5),
            Geometry::convolution(48, 128, &[5])?,
        ),
        sample(
            groups(conv(128, 48)?)?,
            alike(23_040, 32, 12, 15),
            groups(conv(48, 128)?)?,
        ),
        sample(
            Geometry::convolution(24, 48, &[3, 3, 3])?,
            alike(31_104, 24, 48, 27),
            Geometry::convolution(48, 24, &[3, 3, 3])?,
        ),
        sample(
            groups(up(64, 160)?)?,
            alike(20_480, 16, 40, 8),
            groups(up(160, 64)?)?,
        ),
        sample(
            Geometry::query_key_value(96, 4, 8, Packing::Blocked)?,
            vec![of(3_072, 32, 96, 1); 3],
            Geometry::query_key_value(32, 8, 12, Packing::Blocked)?,
        ),
        Sample {
            geometry: Geometry::grouped_query(80, 16, 4, 16, Packing::Blocked)?,
            fans: vec![
                of(20_480, 256, 80, 1),
                of(5_120, 64, 80, 1),
                of(5_120, 64, 80, 1),
            ],
            swapped: None,
        },
        Sample {
            geometry: Geometry::grouped_query(80, 16, 4, 16, Packing::PerHead(4))?,
            fans: vec![
                of(20_480, 256, 80, 1),
                of(5_120, 64, 80, 1),
                of(5_120, 64, 80, 1),
            ],
            swapped: None,
        },
        sample(
            Geometry::recurrent(4, 48, 160)?,
            alike(30_720, 48, 160, 1),
            Geometry::recurrent(4, 160, 48)?,
        ),
        sample(
            Geometry::linear(64, 160)?.with_experts(3)?,
            alike(30_720, 64, 160, 1),
            Geometry::linear(160, 64)?.with_experts(3)?,
        ),
        Sample {
            geometry: Geometry::depthwise(512, 3, &[3, 5])?,
            fans: alike(23_040, 3, 1, 15),
            swapped: None,
        },
        Sample {
            geometry: Geometry::vector(20_000)?,
            fans: alike(20_000, 20_000, 1, 1),
            swapped: None,
        },
        Sample {
            geometry: Geometry::gate_bias(4, 5_000)?,
            fans: alike(20_000, 5_000, 1, 1),
            swapped: None,
        },
    ];
    let in_out: Vec<Sample> = samples
        .iter()
        .filter(|sample| sample.geometry.shape().len() > 1)
        .map(|sample| Sample {
            geometry: sample.geometry.clone().with_layout(Layout::InOut),
            fans: sample.fans.clone(),
            swapped: sample
                .swapped
                .clone()
                .map(|layer| layer.with_layout(Layout::InOut)),
        })
        .collect();
    samples.extend(in_out);
    let one_at_a_time = Fans {
        fan_in: 1.0,
        ..of(32_000, 64, 500, 1)
    };
    samples.push(Sample {
        geometry: Geometry::embedding(500, 64)?,
        fans: vec![one_at_a_time],
        swapped: None,
    });
    samples.push(Sample {
        geometry: Geometry::explicit(&[
            Axis::new(64, Role::In),
            Axis::new(3, Role::Batch),
            Axis::new(8, Role::Out),
            Axis::new(16, Role::Out),
        ])?,
        fans: alike(24_576, 128, 64, 1),
        swapped: None,
    });
    Ok(samples)
}

pub(crate) fn has_fans(geometry: &Geometry) -> bool {
    !matches!(
        geometry.layer(),
        Layer::Vector { .. } | Layer::GateBias { .. }
    )
}

pub(crate) fn has_kernel(geometry: &Geometry) -> bool {
    !geometry.kernel().is_empty()
}
