//! Convolutional networks.

use evenkeel_net::{
    Activation, BatchNorm, Bias, Convolution, Graph, GraphBuilder, GraphError, ValueId,
};

use crate::case::Case;

impl Case {
    /// 1 → width → width → 2 width (stride 2) → 2 width channels by 3×3, each with ReLU; mean
    /// over places; linear.
    pub(crate) fn cnn(&self) -> Result<Graph, GraphError> {
        let layers = [
            (self.width, 1),
            (self.width, 1),
            (2 * self.width, 2),
            (2 * self.width, 1),
        ];
        self.plain(layers.into_iter())
    }

    /// `depth` times 3×3 and ReLU; mean over places; linear.
    pub(crate) fn deep_cnn(&self) -> Result<Graph, GraphError> {
        self.plain((0..self.depth).map(|_| (self.width, 1)))
    }

    /// Layers of so many channels and such a stride.
    fn plain(&self, layers: impl Iterator<Item = (usize, usize)>) -> Result<Graph, GraphError> {
        let mut builder = GraphBuilder::new();
        let mut x = builder.input("x", &[1, self.inputs, self.inputs])?;
        for (layer, (channels, stride)) in layers.enumerate() {
            let convolution = Convolution::new(channels, [3, 3]).with_stride([stride; 2]);
            x = builder.convolution(x, &format!("conv{layer}"), &convolution)?;
            x = builder.activation(x, &format!("act{layer}"), &Activation::relu())?;
        }
        self.classifier(builder, x)
    }

    /// CIFAR's residual network, of depth 6 n + 2: a convolution, three stages of n blocks of two
    /// convolutions with batch normalisation, mean over places, linear.
    pub(crate) fn resnet(&self) -> Result<Graph, GraphError> {
        let mut net = Normalized(GraphBuilder::new());
        let input = net.0.input("x", &[1, self.inputs, self.inputs])?;
        let x = net.convolution(input, "stem", self.width, 3, 1)?;
        let mut x = net.relu(x, "stem")?;
        for stage in 0..3 {
            for block in 0..(self.depth - 2) / 6 {
                let name = format!("stage{stage}.block{block}");
                let channels = self.width << stage;
                x = match (stage, block) {
                    (1.., 0) => net.block(x, &name, channels, Shortcut::Projected)?,
                    _ => net.block(x, &name, channels, Shortcut::Identity)?,
                };
            }
        }
        self.classifier(net.0, x)
    }

    fn classifier(&self, mut builder: GraphBuilder, x: ValueId) -> Result<Graph, GraphError> {
        let x = builder.global_average_pool(x, "pool")?;
        let logits = builder.linear(x, "head", self.outputs, Bias::Yes)?;
        builder.softmax_cross_entropy(logits, "loss")?;
        builder.finish()
    }
}

/// How a block's input reaches its sum.
#[derive(Clone, Copy)]
enum Shortcut {
    Identity,
    /// By a 1×1 convolution, and everything at half the size.
    Projected,
}

/// Builds convolutions with batch normalisation.
struct Normalized(GraphBuilder);

impl Normalized {
    fn convolution(
        &mut self,
        x: ValueId,
        name: &str,
        channels: usize,
        kernel: usize,
        stride: usize,
    ) -> Result<ValueId, GraphError> {
        let convolution = Convolution::new(channels, [kernel; 2])
            .with_stride([stride; 2])
            .with_bias(Bias::No);
        let x = self
            .0
            .convolution(x, &format!("{name}.conv"), &convolution)?;
        let settings = BatchNorm::default();
        self.0.batch_norm(x, &format!("{name}.norm"), &settings)
    }

    fn relu(&mut self, x: ValueId, name: &str) -> Result<ValueId, GraphError> {
        let relu = Activation::relu();
        self.0.activation(x, &format!("{name}.relu"), &relu)
    }

    fn block(
        &mut self,
        x: ValueId,
        name: &str,
        channels: usize,
        shortcut: Shortcut,
    ) -> Result<ValueId, GraphError> {
        let first = format!("{name}.first");
        let (stride, skip) = match shortcut {
            Shortcut::Identity => (1, x),
            Shortcut::Projected => {
                let skip = self.convolution(x, &format!("{name}.skip"), channels, 1, 2)?;
                (2, skip)
            }
        };
        let y = self.convolution(x, &first, channels, 3, stride)?;
        let y = self.relu(y, &first)?;
        let y = self.convolution(y, &format!("{name}.second"), channels, 3, 1)?;
        let sum = self.0.add(y, skip, &format!("{name}.sum"))?;
        self.relu(sum, name)
    }
}
