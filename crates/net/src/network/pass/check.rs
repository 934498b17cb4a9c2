//! Whether what is given to a pass fits the network.

use crate::graph::Graph;
use crate::loss::{Loss, Targets};
use crate::network::RunError;
use crate::operator::Operator;

/// The number of examples in `inputs`.
pub(super) fn inputs(graph: &Graph, batch: usize, inputs: &[&[f32]]) -> Result<usize, RunError> {
    let (expected, got) = (graph.inputs.len(), inputs.len());
    if expected != got {
        return Err(RunError::InputCount { expected, got });
    }
    let mut examples = None;
    for (&values, &index) in inputs.iter().zip(&graph.inputs) {
        let features = graph.features(index);
        let here = values.len() / features;
        let whole = values.len().is_multiple_of(features) && (1..=batch).contains(&here);
        if !whole || *examples.get_or_insert(here) != here {
            let name = graph.values[index].name.clone();
            return Err(RunError::InputLength {
                name,
                features,
                batch,
                got: values.len(),
            });
        }
    }
    Ok(examples.unwrap_or(0))
}

/// That there are two values of each channel at least where a batch's variance is taken.
pub(super) fn variance(graph: &Graph, examples: usize) -> Result<(), RunError> {
    // Of one example only: any two have two values.
    if examples > 1 || graph.buffers.is_empty() {
        return Ok(());
    }
    let alone = graph.nodes.iter().find(
        |node| matches!(&node.operator, Operator::BatchNorm(norm) if norm.channels.plane == 1),
    );
    match alone {
        None => Ok(()),
        Some(node) => Err(RunError::OneValue {
            layer: graph.values[node.output].name.clone(),
        }),
    }
}

/// That `targets` go with the loss and the examples.
pub(super) fn targets(
    graph: &Graph,
    examples: usize,
    targets: Targets<'_>,
) -> Result<(), RunError> {
    let loss = graph.loss.ok_or(RunError::NoLoss)?;
    let features = graph.output().shape().len();
    let (expected, got) = match (loss, targets) {
        (Loss::MeanSquaredError, Targets::Values(values)) => (examples * features, values.len()),
        (Loss::SoftmaxCrossEntropy | Loss::Hinge, Targets::Classes(classes)) => {
            (examples, classes.len())
        }
        (loss, _) => return Err(RunError::TargetKind { loss }),
    };
    if expected != got {
        return Err(RunError::TargetLength { expected, got });
    }
    if let Targets::Classes(classes) = targets
        && let Some(example) = classes
            .iter()
            .position(|&class| usize::from(class) >= features)
    {
        return Err(RunError::Class {
            example,
            class: classes[example],
            last: features - 1,
        });
    }
    Ok(())
}
