//! Times training steps with Burn on its Flex backend.

use anyhow::Result;
use burn::module::{Module, Param};
use burn::nn::loss::{CrossEntropyLoss, CrossEntropyLossConfig};
use burn::nn::{Initializer, Linear, LinearConfig};
use burn::optim::{GradientsParams, SgdConfig};
use burn::tensor::{Device, Int, Tensor, TensorData, activation::relu};
use rust_peers::{Case, Net, Update, with_case};

#[derive(Module, Debug)]
struct Layers {
    each: Vec<Linear>,
}

fn main() -> Result<()> {
    with_case(time)
}

fn time(case: Case) -> Result<()> {
    let device = Device::flex().autodiff();
    let mut model = Some(layers(&case, &device));
    let x = TensorData::new(case.examples(), [case.batch, case.inputs]);
    let x = Tensor::<2>::from_data(x, &device);
    let labels = TensorData::new(case.labels(), [case.batch]);
    let labels = Tensor::<1, Int>::from_data(labels, &device);
    let criterion: CrossEntropyLoss = CrossEntropyLossConfig::new().init(&device);
    let mut sgd = SgdConfig::new().init();
    case.time(|| {
        // The optimiser takes the model and gives it back.
        let current = model.take().expect("it was put back");
        let loss = criterion.forward(forward(&case, &current, x.clone()), labels.clone());
        let gradients = GradientsParams::from_grads(loss.backward(), &current);
        model = Some(match case.update {
            Update::None => current,
            Update::Sgd => sgd.step(1e-4, current, gradients),
        });
        Ok(())
    })
}

fn layers(case: &Case, device: &Device) -> Layers {
    let each = case.layers().into_iter().map(|(inputs, outputs)| {
        let (min, max) = (-case.bound(inputs), case.bound(inputs));
        let config = LinearConfig::new(inputs, outputs);
        let mut layer = config
            .with_initializer(Initializer::Uniform { min, max })
            .init(device);
        layer.bias = Some(Param::from_tensor(Tensor::zeros([outputs], device)));
        layer
    });
    Layers {
        each: each.collect(),
    }
}

fn forward(case: &Case, model: &Layers, mut x: Tensor<2>) -> Tensor<2> {
    let (head, hidden) = model.each.split_last().expect("there is a head");
    for layer in hidden {
        x = match case.net {
            Net::Mlp => relu(layer.forward(x)),
            Net::Residual => x.clone() + relu(layer.forward(x)),
        };
    }
    head.forward(x)
}
