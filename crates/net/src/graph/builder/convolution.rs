//! Convolution and pooling: layers that read `[channels, height, width]`.

use super::{Bias, GraphBuilder, Learned, shape};
use crate::graph::{GraphError, Inputs, Producer, Role, Shape, ValueId};
use crate::operator::{self, Geometry, Operator, Request, Windows, positions};

/// What lies around an image where a kernel reaches beyond it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PaddingMode {
    /// Zeros.
    Zero,
    /// The image again, as on a torus.
    Circular,
}

/// What a convolution looks like. Sizes are height, then width.
///
/// # Example
///
/// ```
/// use evenkeel_net::{Convolution, GraphBuilder, PaddingMode};
///
/// let mut builder = GraphBuilder::new();
/// let x = builder.input("x", &[1, 28, 28])?;
/// let x = builder.convolution(x, "conv0", &Convolution::new(16, [3, 3]))?;
/// let circular = Convolution::new(32, [3, 3])
///     .with_stride([2, 2])
///     .with_padding_mode(PaddingMode::Circular);
/// builder.convolution(x, "conv1", &circular)?;
/// let graph = builder.finish()?;
/// assert_eq!(graph.output().shape().axes(), [32, 14, 14]);
/// # Ok::<(), evenkeel_net::GraphError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Convolution {
    /// Channels that it makes.
    pub channels: usize,
    /// Places in the kernel.
    pub kernel: [usize; 2],
    /// How far the kernel moves from one output to the next.
    pub stride: [usize; 2],
    /// Places added on each side of the image.
    pub padding: [usize; 2],
    /// What they hold.
    pub padding_mode: PaddingMode,
    /// How far apart the kernel's places are in the image.
    pub dilation: [usize; 2],
    /// Into how many parts, each apart from the others, the channels of input and output fall.
    pub groups: usize,
    /// Whether a bias is added, one value a channel.
    pub bias: Bias,
}

impl Convolution {
    /// With a bias, stride 1, and zeros around the image that make the output as large as the
    /// input for a kernel of odd sizes.
    pub fn new(channels: usize, kernel: [usize; 2]) -> Self {
        Self {
            channels,
            kernel,
            stride: [1, 1],
            padding: kernel.map(|size| size.saturating_sub(1) / 2),
            padding_mode: PaddingMode::Zero,
            dilation: [1, 1],
            groups: 1,
            bias: Bias::Yes,
        }
    }

    /// With another stride.
    pub fn with_stride(self, stride: [usize; 2]) -> Self {
        Self { stride, ..self }
    }

    /// With other padding.
    pub fn with_padding(self, padding: [usize; 2]) -> Self {
        Self { padding, ..self }
    }

    /// With something else in the padding.
    pub fn with_padding_mode(self, padding_mode: PaddingMode) -> Self {
        Self {
            padding_mode,
            ..self
        }
    }

    /// With another dilation; the padding stays as it is.
    pub fn with_dilation(self, dilation: [usize; 2]) -> Self {
        Self { dilation, ..self }
    }

    /// With several groups.
    pub fn with_groups(self, groups: usize) -> Self {
        Self { groups, ..self }
    }

    /// With or without a bias.
    pub fn with_bias(self, bias: Bias) -> Self {
        Self { bias, ..self }
    }

    fn check(&self, layer: &str, input: [usize; 3]) -> Result<(), GraphError> {
        for (setting, got) in [
            ("kernel", self.kernel),
            ("stride", self.stride),
            ("dilation", self.dilation),
        ] {
            at_least_one(layer, setting, got)?;
        }
        let groups = self.groups;
        let divides =
            groups > 0 && input[0].is_multiple_of(groups) && self.channels.is_multiple_of(groups);
        if !divides {
            return Err(GraphError::Setting {
                layer: layer.into(),
                setting: "groups",
                got: groups.to_string(),
                expected: format!("a divisor of {} and {} channels", input[0], self.channels),
            });
        }
        let around = self.padding_mode == PaddingMode::Circular;
        if around && (self.padding[0] > input[1] || self.padding[1] > input[2]) {
            return Err(GraphError::Setting {
                layer: layer.into(),
                setting: "padding",
                got: format!("{:?}", self.padding),
                expected: format!(
                    "no more than the image, {}x{}, where it is circular",
                    input[1], input[2]
                ),
            });
        }
        Ok(())
    }
}

/// Windows of a pooling layer. Sizes are height, then width.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pool {
    /// Places in the window.
    pub kernel: [usize; 2],
    /// How far the window moves from one output to the next.
    pub stride: [usize; 2],
    /// Places added on each side of the image: at most half the window.
    pub padding: [usize; 2],
}

impl Pool {
    /// Windows that lie side by side, without padding.
    pub fn new(kernel: [usize; 2]) -> Self {
        Self {
            kernel,
            stride: kernel,
            padding: [0, 0],
        }
    }

    /// With another stride.
    pub fn with_stride(self, stride: [usize; 2]) -> Self {
        Self { stride, ..self }
    }

    /// With padding.
    pub fn with_padding(self, padding: [usize; 2]) -> Self {
        Self { padding, ..self }
    }
}

impl GraphBuilder {
    /// `y[o] = b[o] + Σ_c w[o, c] ⋆ x[c]`, with c over the channels of o's group and ⋆ the
    /// cross-correlation that deep learning calls convolution.
    ///
    /// # Shapes
    ///
    /// `input` is `[in, height, width]`, the value made is `[out, height', width']` with
    /// `height' = ⌊(height + 2·padding − dilation·(kernel − 1) − 1) / stride⌋ + 1`; the parameters
    /// are `NAME.weight`, `[out, in/groups, kernel height, kernel width]`, and `NAME.bias`,
    /// `[out]`. Fan-in is in/groups times the kernel's places, fan-out is out/groups times them.
    pub fn convolution(
        &mut self,
        input: ValueId,
        name: &str,
        convolution: &Convolution,
    ) -> Result<ValueId, GraphError> {
        let x = self.image(input, name)?;
        convolution.check(name, x)?;
        let Convolution {
            channels,
            kernel,
            stride,
            padding,
            padding_mode,
            dilation,
            groups,
            bias,
        } = *convolution;
        let weight = shape(name, &[channels, x[0] / groups, kernel[0], kernel[1]])?;
        let geometry = Geometry::new(&Request {
            input: x,
            outputs: channels,
            kernel,
            stride,
            padding,
            mode: padding_mode,
            dilation,
            groups,
        });
        let geometry = geometry.ok_or_else(|| window(name, kernel, x))?;
        let made = shape(name, &geometry.output)?;
        let places = kernel[0] * kernel[1];
        let fan_in = x[0] / groups * places;
        let role = Role::Weight {
            fan_in,
            fan_out: channels / groups * places,
        };
        let mut parameters = vec![Learned::new("weight", weight, role)];
        if bias == Bias::Yes {
            let role = Role::Bias { fan_in };
            parameters.push(Learned::new("bias", shape(name, &[channels])?, role));
        }
        let operator = Operator::Convolution(operator::Convolution(Box::new(geometry)));
        let made = (made, Producer::Convolution);
        self.layer(name, operator, Inputs::One(input.0), made, parameters)
    }

    /// The largest value of each window; padding is never the largest.
    ///
    /// # Shapes
    ///
    /// `input` is `[channels, height, width]`; the value made has as many channels, and
    /// `⌊(height + 2·padding − kernel) / stride⌋ + 1` rows.
    pub fn max_pool(
        &mut self,
        input: ValueId,
        name: &str,
        pool: &Pool,
    ) -> Result<ValueId, GraphError> {
        let (windows, made) = self.windows(input, name, pool)?;
        let operator = Operator::MaxPool(operator::MaxPool(windows));
        let made = (made, Producer::MaxPool);
        self.layer(name, operator, Inputs::One(input.0), made, Vec::new())
    }

    /// The mean of each window, its padding counted as zeros.
    ///
    /// # Shapes
    ///
    /// As [`GraphBuilder::max_pool`].
    pub fn average_pool(
        &mut self,
        input: ValueId,
        name: &str,
        pool: &Pool,
    ) -> Result<ValueId, GraphError> {
        let (windows, made) = self.windows(input, name, pool)?;
        let operator = Operator::AveragePool(operator::AveragePool(windows));
        let made = (made, Producer::AveragePool);
        self.layer(name, operator, Inputs::One(input.0), made, Vec::new())
    }

    /// The mean of each channel.
    ///
    /// # Shapes
    ///
    /// `input` is `[channels, height, width]`, the value made is `[channels]`.
    pub fn global_average_pool(
        &mut self,
        input: ValueId,
        name: &str,
    ) -> Result<ValueId, GraphError> {
        let [count, height, width] = self.image(input, name)?;
        let plane = height * width;
        let pool = operator::GlobalAveragePool { count, plane };
        let made = (shape(name, &[count])?, Producer::GlobalAveragePool);
        let operator = Operator::GlobalAveragePool(pool);
        self.layer(name, operator, Inputs::One(input.0), made, Vec::new())
    }

    /// Channels, height and width of a value.
    fn image(&self, input: ValueId, layer: &str) -> Result<[usize; 3], GraphError> {
        let x = self.read(input, layer)?;
        <[usize; 3]>::try_from(x.shape.axes()).map_err(|_| GraphError::Shape {
            layer: layer.into(),
            producer: x.name.clone(),
            expected: "three axes, [channels, height, width]".into(),
            got: x.shape.clone(),
            remedy: "declare the input as an image, and flatten only after the last such layer",
        })
    }

    fn windows(
        &self,
        input: ValueId,
        name: &str,
        pool: &Pool,
    ) -> Result<(Windows, Shape), GraphError> {
        let [channels, height, width] = self.image(input, name)?;
        let Pool {
            kernel,
            stride,
            padding,
        } = *pool;
        at_least_one(name, "kernel", kernel)?;
        at_least_one(name, "stride", stride)?;
        if (0..2).any(|axis| padding[axis] > kernel[axis] / 2) {
            return Err(GraphError::Setting {
                layer: name.into(),
                setting: "padding",
                got: format!("{padding:?}"),
                expected: "at most half the kernel, so that every window has a value".into(),
            });
        }
        let (size, too_large) = (
            [height, width],
            window(name, kernel, [channels, height, width]),
        );
        let steps =
            [0, 1].map(|axis| positions(size[axis], padding[axis], kernel[axis], stride[axis]));
        let [Some(rows), Some(columns)] = steps else {
            return Err(too_large);
        };
        let windows = Windows {
            input: size,
            output: [rows, columns],
            kernel,
            stride,
            padding,
        };
        Ok((windows, shape(name, &[channels, rows, columns])?))
    }
}

fn at_least_one(layer: &str, setting: &'static str, got: [usize; 2]) -> Result<(), GraphError> {
    if got.contains(&0) {
        return Err(GraphError::Setting {
            layer: layer.into(),
            setting,
            got: format!("{got:?}"),
            expected: "at least 1 along both axes".into(),
        });
    }
    Ok(())
}

/// The window does not fit once.
fn window(layer: &str, kernel: [usize; 2], [_, height, width]: [usize; 3]) -> GraphError {
    GraphError::Setting {
        layer: layer.into(),
        setting: "kernel",
        got: format!("{kernel:?}"),
        expected: format!("no larger, dilation included, than the padded {height}x{width} image"),
    }
}
