//! What each operator is, in f64, and how a builder is asked for it.

use evenkeel_net::{
    Activation, BatchNorm, Bias, Convolution, Extent, GraphBuilder, GraphError, Pool, ValueId,
};

use crate::image::{self, Image};

/// An operator, by what it reads: indices of values, the input being 0.
#[derive(Clone, Debug)]
#[allow(clippy::enum_variant_names, reason = "LayerNorm is the field's name")]
pub(crate) enum Layer {
    Linear {
        from: usize,
        outputs: usize,
        bias: Bias,
    },
    Activation {
        from: usize,
        activation: Activation,
    },
    Shift {
        from: usize,
        constant: f64,
    },
    Add {
        a: usize,
        b: usize,
    },
    Multiply {
        a: usize,
        b: usize,
    },
    LearnedBias {
        from: usize,
        extent: Extent,
        plane: usize,
    },
    Scale {
        from: usize,
        extent: Extent,
        plane: usize,
    },
    ScaleBy {
        from: usize,
        constant: f64,
    },
    Flatten {
        from: usize,
    },
    Convolution {
        from: usize,
        image: Image,
        convolution: Convolution,
    },
    MaxPool {
        from: usize,
        image: Image,
        pool: Pool,
    },
    AveragePool {
        from: usize,
        image: Image,
        pool: Pool,
    },
    GlobalAveragePool {
        from: usize,
        channels: usize,
    },
    BatchNorm {
        from: usize,
        channels: usize,
    },
    LayerNorm {
        from: usize,
    },
    GroupNorm {
        from: usize,
        channels: usize,
        groups: usize,
    },
    RmsNorm {
        from: usize,
    },
}

/// What normalisations add to a variance: large enough here that leaving it out is seen.
const EPSILON: f64 = 1e-2;

/// A value for every example.
pub(crate) type Batch = Vec<Vec<f64>>;

impl Layer {
    /// The definition, for the whole batch. `parameter` gives the layer's own by their suffix.
    pub(crate) fn apply(&self, values: &[Batch], parameter: &dyn Fn(&str) -> Vec<f64>) -> Batch {
        let each = |from: &usize, work: &dyn Fn(&[f64]) -> Vec<f64>| {
            values[*from].iter().map(|x| work(x)).collect::<Batch>()
        };
        let pairs = |a: &usize, b: &usize, work: fn(f64, f64) -> f64| {
            let rows = values[*a].iter().zip(&values[*b]);
            let pair = |(a, b): (&Vec<f64>, &Vec<f64>)| -> Vec<f64> {
                a.iter().zip(b).map(|(&a, &b)| work(a, b)).collect()
            };
            rows.map(pair).collect::<Batch>()
        };
        // Channel by channel.
        let channels = |from: &usize, plane: usize, suffix: &str, work: fn(f64, f64) -> f64| {
            let learned = parameter(suffix);
            let of = |i: usize| learned[if learned.len() == 1 { 0 } else { i / plane }];
            each(from, &|x| {
                x.iter().enumerate().map(|(i, &x)| work(x, of(i))).collect()
            })
        };
        match self {
            Self::Linear { from, outputs, .. } => {
                let (weight, bias) = (parameter("weight"), parameter("bias"));
                each(from, &|x| {
                    let row = |o: usize| &weight[o * x.len()..(o + 1) * x.len()];
                    let dot = |o: usize| row(o).iter().zip(x).map(|(w, x)| w * x).sum::<f64>();
                    (0..*outputs)
                        .map(|o| dot(o) + bias.get(o).copied().unwrap_or(0.0))
                        .collect()
                })
            }
            Self::Activation { from, activation } => {
                each(from, &|x| x.iter().map(|&x| activation.value(x)).collect())
            }
            Self::Shift { from, constant } => {
                each(from, &|x| x.iter().map(|x| x + constant).collect())
            }
            Self::ScaleBy { from, constant } => {
                each(from, &|x| x.iter().map(|x| x * constant).collect())
            }
            Self::Flatten { from } => values[*from].clone(),
            Self::Add { a, b } => pairs(a, b, |a, b| a + b),
            Self::Multiply { a, b } => pairs(a, b, |a, b| a * b),
            Self::LearnedBias { from, plane, .. } => channels(from, *plane, "bias", |x, b| x + b),
            Self::Scale { from, plane, .. } => channels(from, *plane, "scale", |x, s| x * s),
            Self::Convolution {
                from,
                image,
                convolution,
            } => {
                let (weight, bias) = (parameter("weight"), parameter("bias"));
                each(from, &|x| {
                    image::convolve(x, *image, convolution, &weight, &bias)
                })
            }
            Self::MaxPool { from, image, pool } => each(from, &|x| {
                let largest = |window: Vec<f64>| window.into_iter().fold(f64::MIN, f64::max);
                image::windows(x, *image, pool)
                    .into_iter()
                    .map(largest)
                    .collect()
            }),
            Self::AveragePool { from, image, pool } => each(from, &|x| {
                let places = (pool.kernel[0] * pool.kernel[1]) as f64;
                let mean = |window: Vec<f64>| window.iter().sum::<f64>() / places;
                image::windows(x, *image, pool)
                    .into_iter()
                    .map(mean)
                    .collect()
            }),
            Self::GlobalAveragePool { from, channels } => each(from, &|x| {
                let planes = x.chunks_exact(x.len() / channels);
                planes
                    .map(|plane| plane.iter().sum::<f64>() / plane.len() as f64)
                    .collect()
            }),
            Self::BatchNorm { from, channels } => {
                let plane = values[*from][0].len() / channels;
                let mut made = values[*from].clone();
                for channel in 0..*channels {
                    let range = channel * plane..(channel + 1) * plane;
                    let all: Vec<f64> = values[*from]
                        .iter()
                        .flat_map(|x| &x[range.clone()])
                        .copied()
                        .collect();
                    let normal = normalized(&all, true);
                    for (row, normal) in made.iter_mut().zip(normal.chunks_exact(plane)) {
                        row[range.clone()].copy_from_slice(normal);
                    }
                }
                affine(made, plane, parameter)
            }
            Self::LayerNorm { from } => affine(each(from, &|x| normalized(x, true)), 1, parameter),
            Self::RmsNorm { from } => affine(each(from, &|x| normalized(x, false)), 1, parameter),
            Self::GroupNorm {
                from,
                channels,
                groups,
            } => {
                let plane = values[*from][0].len() / channels;
                let made = each(from, &|x| {
                    let groups = x.chunks_exact(x.len() / groups);
                    groups.flat_map(|group| normalized(group, true)).collect()
                });
                affine(made, plane, parameter)
            }
        }
    }

    /// How near an argument came to where the derivative jumps.
    pub(crate) fn nearest_kink(&self, values: &[Batch]) -> f64 {
        match self {
            Self::Activation { from, activation } => {
                let kinks = activation.breakpoints();
                let all = values[*from].iter().flatten();
                let gaps = all.flat_map(|x| kinks.iter().map(move |kink| (x - kink).abs()));
                gaps.fold(f64::INFINITY, f64::min)
            }
            Self::MaxPool { from, image, pool } => {
                let windows = values[*from]
                    .iter()
                    .flat_map(|x| image::windows(x, *image, pool));
                let gap = |mut window: Vec<f64>| {
                    window.sort_by(|a, b| b.total_cmp(a));
                    window
                        .get(1)
                        .map_or(f64::INFINITY, |second| window[0] - second)
                };
                windows.map(gap).fold(f64::INFINITY, f64::min)
            }
            _ => f64::INFINITY,
        }
    }

    /// Adds it to a graph.
    pub(crate) fn add(
        &self,
        builder: &mut GraphBuilder,
        values: &[ValueId],
        name: &str,
    ) -> Result<ValueId, GraphError> {
        match self {
            Self::Linear {
                from,
                outputs,
                bias,
            } => builder.linear(values[*from], name, *outputs, *bias),
            Self::Activation { from, activation } => {
                builder.activation(values[*from], name, activation)
            }
            Self::Shift { from, constant } => builder.shift(values[*from], name, *constant),
            Self::Add { a, b } => builder.add(values[*a], values[*b], name),
            Self::Multiply { a, b } => builder.multiply(values[*a], values[*b], name),
            Self::LearnedBias { from, extent, .. } => builder.bias(values[*from], name, *extent),
            Self::Scale { from, extent, .. } => builder.scale(values[*from], name, *extent),
            Self::ScaleBy { from, constant } => builder.scale_by(values[*from], name, *constant),
            Self::Flatten { from } => builder.flatten(values[*from], name),
            Self::Convolution {
                from, convolution, ..
            } => builder.convolution(values[*from], name, convolution),
            Self::MaxPool { from, pool, .. } => builder.max_pool(values[*from], name, pool),
            Self::AveragePool { from, pool, .. } => builder.average_pool(values[*from], name, pool),
            Self::GlobalAveragePool { from, .. } => {
                builder.global_average_pool(values[*from], name)
            }
            Self::BatchNorm { from, .. } => {
                let settings = BatchNorm {
                    epsilon: EPSILON,
                    ..BatchNorm::default()
                };
                builder.batch_norm(values[*from], name, &settings)
            }
            Self::LayerNorm { from } => builder.layer_norm(values[*from], name, EPSILON),
            Self::GroupNorm { from, groups, .. } => {
                builder.group_norm(values[*from], name, *groups, EPSILON)
            }
            Self::RmsNorm { from } => builder.rms_norm(values[*from], name, EPSILON),
        }
    }
}

/// (x − m) / √(v + ε), with the mean taken off or not.
fn normalized(x: &[f64], centred: bool) -> Vec<f64> {
    let n = x.len() as f64;
    let mean = if centred {
        x.iter().sum::<f64>() / n
    } else {
        0.0
    };
    let variance = x.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / n;
    x.iter()
        .map(|x| (x - mean) / (variance + EPSILON).sqrt())
        .collect()
}

/// w x + b, with a weight (and a bias, where there is one) for every `plane` values.
fn affine(values: Batch, plane: usize, parameter: &dyn Fn(&str) -> Vec<f64>) -> Batch {
    let (weight, bias) = (parameter("weight"), parameter("bias"));
    let at = |i: usize, x: f64| weight[i / plane] * x + bias.get(i / plane).unwrap_or(&0.0);
    let row = |x: Vec<f64>| x.into_iter().enumerate().map(|(i, x)| at(i, x)).collect();
    values.into_iter().map(row).collect()
}
