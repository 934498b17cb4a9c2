//! Times training steps with candle on the CPU.

use anyhow::Result;
use candle_core::{DType, Device, Module, Tensor, Var};
use candle_nn::{Init, Linear, Optimizer, SGD, VarBuilder, VarMap, loss};
use rust_peers::{Case, Net, Update, with_case};

fn main() -> Result<()> {
    with_case(time)
}

fn time(case: Case) -> Result<()> {
    let device = Device::Cpu;
    let variables = VarMap::new();
    let builder = VarBuilder::from_varmap(&variables, DType::F32, &device);
    let layers = layers(&case, &builder)?;
    let x = Tensor::from_vec(case.examples(), (case.batch, case.inputs), &device)?;
    let labels = Tensor::from_vec(case.labels(), case.batch, &device)?;
    let mut sgd = SGD::new(variables.all_vars() as Vec<Var>, 1e-4)?;
    case.time(|| {
        let loss = loss::cross_entropy(&forward(&case, &layers, &x)?, &labels)?;
        let gradients = loss.backward()?;
        if case.update == Update::Sgd {
            sgd.step(&gradients)?;
        }
        Ok(())
    })
}

fn layers(case: &Case, builder: &VarBuilder) -> Result<Vec<Linear>> {
    let each = case.layers().into_iter().enumerate();
    each.map(|(index, (inputs, outputs))| {
        let builder = builder.pp(index.to_string());
        let bound = case.bound(inputs);
        let (lo, up) = (-bound, bound);
        let weight =
            builder.get_with_hints((outputs, inputs), "weight", Init::Uniform { lo, up })?;
        let bias = builder.get_with_hints(outputs, "bias", Init::Const(0.0))?;
        Ok(Linear::new(weight, Some(bias)))
    })
    .collect()
}

fn forward(case: &Case, layers: &[Linear], x: &Tensor) -> Result<Tensor> {
    let (head, hidden) = layers.split_last().expect("there is a head");
    let mut x = x.clone();
    for layer in hidden {
        let branch = layer.forward(&x)?.relu()?;
        x = match case.net {
            Net::Mlp => branch,
            Net::Residual => (x + branch)?,
        };
    }
    Ok(head.forward(&x)?)
}
