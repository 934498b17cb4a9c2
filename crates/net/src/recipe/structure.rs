//! Where each parameter stands in the network, read from the graph and the zoo's names.

use std::collections::HashMap;

use crate::graph::{Graph, ParameterSpec, Producer, Role};

/// What a recipe needs to know of a network.
pub(super) struct Structure {
    /// Residual blocks: Fixup's L.
    pub(super) blocks: usize,
    /// Weight layers of the longest branch: Fixup's m.
    pub(super) layers: usize,
    places: HashMap<String, Place>,
}

/// Where a weight stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) part: Part,
    /// Whether what the layer reads was made by an activation.
    pub(super) reads: Reads,
}

/// Which part of a network a weight is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// The first layer.
    Stem,
    /// A branch, but not its last layer.
    Branch,
    /// A branch's last layer.
    BranchEnd,
    /// A layer on the trunk: a hidden one of a plain network, or where a shortcut changes width.
    Trunk,
    /// The last layer, which makes the output.
    Head,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reads {
    Activation,
    Other,
}

impl Structure {
    pub(super) fn of(graph: &Graph) -> Self {
        let is_weight =
            |index: &usize| matches!(graph.parameters[*index].role, Role::Weight { .. });
        let weights: Vec<(usize, Reads)> = graph
            .nodes
            .iter()
            .filter_map(|node| {
                let weight = node.parameters.clone().find(is_weight)?;
                Some((weight, reads(graph, node.inputs.first())))
            })
            .collect();
        let last_layer_of: HashMap<&str, usize> = weights
            .iter()
            .filter_map(|&(index, _)| Some((block_of(&graph.parameters[index])?, index)))
            .collect();
        let mut in_block: HashMap<&str, usize> = HashMap::new();
        let mut places = HashMap::with_capacity(weights.len());
        for (order, &(index, reads)) in weights.iter().enumerate() {
            let parameter = &graph.parameters[index];
            let part = match block_of(parameter) {
                _ if order + 1 == weights.len() => Part::Head,
                Some(block) => {
                    *in_block.entry(block).or_default() += 1;
                    if last_layer_of[block] == index {
                        Part::BranchEnd
                    } else {
                        Part::Branch
                    }
                }
                None if order == 0 => Part::Stem,
                None => Part::Trunk,
            };
            places.insert(parameter.name.clone(), Place { part, reads });
        }
        Self {
            blocks: in_block.len(),
            layers: in_block.values().copied().max().unwrap_or(0),
            places,
        }
    }

    /// The place of a weight.
    pub(super) fn place(&self, weight: &ParameterSpec) -> Place {
        self.places[&weight.name]
    }
}

/// `blocks.7` of `blocks.7.fc1.weight`; nothing outside of branches.
fn block_of(parameter: &ParameterSpec) -> Option<&str> {
    let rest = parameter.name.strip_prefix("blocks.")?;
    let (number, layer) = rest.split_once('.')?;
    let is_branch = !layer.starts_with("shortcut.");
    is_branch.then(|| &parameter.name[.."blocks.".len() + number.len()])
}

/// What made a value, seen through what keeps a value's kind: shifts, learned biases and flattening.
fn reads(graph: &Graph, mut value: usize) -> Reads {
    // The nodes are in order, so that each value's maker is found by one search.
    loop {
        match graph.values[value].producer {
            Producer::Activation => return Reads::Activation,
            Producer::Shift | Producer::Bias | Producer::Flatten => {
                let maker = graph
                    .nodes
                    .binary_search_by_key(&value, |node| node.output)
                    .expect("every value but an input is made by a node");
                value = graph.nodes[maker].inputs.first();
            }
            _ => return Reads::Other,
        }
    }
}
