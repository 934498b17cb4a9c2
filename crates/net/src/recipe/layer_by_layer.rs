//! Runs a network one operator at a time, so that a layer can be changed before the next one runs.
//!
//! A plan runs a whole pass; what depends on the data has to stop at each layer, change its weights
//! and go on with what the changed layer makes. This costs one forward pass, however deep the net.

use std::borrow::Cow;

use crate::graph::{Graph, Node, ParameterSpec, Producer, Role};
use crate::network::Network;
use crate::operator::{Behaviour, Context, Direction, Forward};

use super::RecipeError;

/// A layer at which a run has stopped: its node, the values it reads, and those it makes.
pub(super) struct Stop<'a> {
    pub(super) graph: &'a Graph,
    node: &'a Node,
    /// The layers that come later.
    later: &'a [Node],
    inputs: [&'a [f32]; 2],
    context: &'a Context<'a>,
    /// What it makes, as it lies in a lane.
    made: Vec<f32>,
}

impl Stop<'_> {
    /// The layer's name: that of the value it makes.
    pub(super) fn name(&self) -> &str {
        &self.graph.values[self.node.output].name
    }

    /// Values that one example has here.
    pub(super) fn features(&self) -> usize {
        self.graph.features(self.node.output)
    }

    /// The first parameter of the layer with a role that `wanted` accepts.
    pub(super) fn parameter(&self, wanted: impl Fn(Role) -> bool) -> Option<&ParameterSpec> {
        let parameters = &self.graph.parameters[self.node.parameters.clone()];
        parameters.iter().find(|parameter| wanted(parameter.role))
    }

    /// Whether it has a weight.
    pub(super) fn is_weight_layer(&self) -> bool {
        self.parameter(|role| matches!(role, Role::Weight { .. }))
            .is_some()
    }

    /// Makes the layer's values again, from parameters that were changed.
    pub(super) fn run(&mut self, parameters: &[f32]) {
        let own = &parameters[self.node.storage.clone()];
        let reads = Forward {
            first: self.inputs[0],
            second: self.inputs[1],
            parameters: own,
            laid: &self.laid(own),
            context: self.context,
        };
        let mut scratch = vec![0.0; self.node.operator.scratch()];
        self.node
            .operator
            .forward(&reads, &mut self.made, &mut scratch);
    }

    /// Where the learned shift lies that follows the activation of this weight layer, if one does.
    pub(super) fn shift_after_activation(&self) -> Option<usize> {
        let [activation, shift, ..] = self.later else {
            return None;
        };
        let made_by = |node: &Node| self.graph.values[node.output].producer;
        let chained = activation.inputs.first() == self.node.output
            && shift.inputs.first() == activation.output;
        let kinds = (made_by(activation), made_by(shift));
        (chained && self.is_weight_layer() && kinds == (Producer::Activation, Producer::Bias))
            .then_some(shift.storage.start)
    }

    /// What it makes, example after example.
    pub(super) fn made(&self) -> Cow<'_, [f32]> {
        self.rows(Cow::Borrowed(&self.made))
    }

    /// Values that lie as those of this layer, example after example.
    fn rows<'v>(&self, values: Cow<'v, [f32]>) -> Cow<'v, [f32]> {
        let layout = self.graph.layout(self.node.output);
        layout.rows(values, self.features(), self.context.examples)
    }

    /// What the two layers after this one make of its values, example after example.
    pub(super) fn activated(&self, parameters: &[f32]) -> Vec<f32> {
        let mut values = self.made.clone();
        for node in self.later.iter().take(2) {
            let own = &parameters[node.storage.clone()];
            let reads = Forward {
                first: &[],
                second: &[],
                parameters: own,
                laid: &[],
                context: self.context,
            };
            node.operator.forward_in_place(&reads, &mut values);
        }
        self.rows(values.into()).into_owned()
    }

    /// The weight as the layer reads it, if that is not as it is.
    fn laid(&self, own: &[f32]) -> Vec<f32> {
        let parts = self.node.operator.laid_parts(Direction::Forward);
        let mut laid = vec![0.0; parts.iter().map(|part| part.len).sum()];
        if let Some(weight) = self.parameter(|role| matches!(role, Role::Weight { .. }))
            && let Some(part) = parts.first()
        {
            let weight = &own[..weight.shape.len()];
            let operator = &self.node.operator;
            operator.lay(weight, Direction::Forward, part.first, &mut laid);
        }
        laid
    }
}

/// Runs `network` on the examples of `batch`, and gives each layer to `visit` with the parameters.
pub(super) fn run(
    network: &mut Network,
    batch: &[f32],
    mut visit: impl FnMut(&mut Stop<'_>, &mut [f32]) -> Result<(), RecipeError>,
) -> Result<(), RecipeError> {
    // Parameters change under the network's feet: whatever it derived from them is stale.
    network.initialize(|_, _| {});
    network.recall_statistics();
    let Network {
        graph,
        parameters,
        statistics,
        keys,
        step,
        ..
    } = network;
    let examples = examples(graph, batch)?;
    let context = Context {
        behaviour: Behaviour::Evaluation,
        examples,
        first_row: 0,
        rows: examples,
        step: *step,
        keys,
        statistics,
    };
    let mut values: Vec<Option<Vec<f32>>> = vec![None; graph.values.len()];
    let mut readers: Vec<usize> = graph.values.iter().map(|value| value.readers).collect();
    let room = |value: usize| {
        let len = graph.layout(value).len(graph.features(value), examples);
        vec![0.0; len.expect("no more than memory can hold")]
    };
    let input = graph.inputs[0];
    let mut first = room(input);
    let layout = graph.layout(input);
    layout.lay(batch, graph.features(input), &mut first);
    values[input] = Some(first);
    for (index, node) in graph.nodes.iter().enumerate() {
        let mut inputs: [&[f32]; 2] = [&[], &[]];
        for (slot, input) in inputs.iter_mut().zip(node.inputs.iter()) {
            *slot = values[input].as_deref().unwrap_or_default();
        }
        let mut stop = Stop {
            graph,
            node,
            later: &graph.nodes[index + 1..],
            inputs,
            context: &context,
            made: room(node.output),
        };
        stop.run(parameters);
        visit(&mut stop, parameters)?;
        let made = stop.made;
        for input in node.inputs.iter() {
            readers[input] -= 1;
            if readers[input] == 0 {
                values[input] = None;
            }
        }
        values[node.output] = Some(made);
    }
    Ok(())
}

/// How many examples `batch` holds.
fn examples(graph: &Graph, batch: &[f32]) -> Result<usize, RecipeError> {
    /// Fewer than two have no spread.
    const LEAST: usize = 2;
    let features = graph.features(graph.inputs[0]);
    let examples = batch.len() / features;
    if examples < LEAST || !batch.len().is_multiple_of(features) {
        return Err(RecipeError::Batch {
            got: batch.len(),
            features,
            least: LEAST,
        });
    }
    Ok(examples)
}
