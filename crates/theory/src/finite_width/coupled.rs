//! The laws of layers that are coupled through the variance, from the Markov chain of their signal.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use super::FiniteWidthError;
use super::band::{Layer, Sites};
use super::chain::{Chain, Gathered, Node, Stretch};
use super::log_moment::{Exactness, LogMoment, linear};
use super::mixture::{Component, Mixture};
use crate::mean_field::MeanField;

/// The most components of a layer's law that are kept; neighbours are merged beyond.
const COMPONENTS: usize = 256;

/// Layers coupled through the variance.
pub(super) struct Coupled<'a> {
    widths: &'a [usize],
    chains: BTreeMap<usize, Chain<'a>>,
    /// The first layer, whose input is fixed
    first: Node,
    predictions: Vec<Prediction>,
    /// The distribution of ln m that enters each layer but the first
    entering: Vec<Stretch<f64>>,
}

/// The infinite-width prediction of one layer.
struct Prediction {
    log_q: f64,
    log_m: f64,
    log_slope: f64,
}

impl<'a> Coupled<'a> {
    pub(super) fn new(
        mean_field: &'a MeanField,
        widths: &'a [usize],
        variances: &[f64],
    ) -> Result<Self, FiniteWidthError> {
        let mut predictions = Vec::with_capacity(widths.len());
        let mut last: Option<(f64, [f64; 3])> = None;
        for (layer, &q) in variances.iter().enumerate() {
            let [log_q, log_m, log_slope] = match last {
                Some((same, logs)) if same == q => logs,
                _ => logarithms(mean_field, q, layer)?,
            };
            last = Some((q, [log_q, log_m, log_slope]));
            predictions.push(Prediction {
                log_q,
                log_m,
                log_slope,
            });
        }
        let (Some(&width), Some(&q)) = (widths.first(), variances.first()) else {
            return Err(FiniteWidthError::Width { layer: 0 });
        };
        // The widest layer's noise is the narrowest: its step serves all.
        let widest = widths.iter().copied().max().unwrap_or(width);
        let origin = predictions[0].log_m;
        let step = Chain::new(mean_field, widest, q, origin, None)?.step();
        let mut chains = BTreeMap::new();
        for &width in widths {
            if let Entry::Vacant(place) = chains.entry(width) {
                place.insert(Chain::new(mean_field, width, q, origin, Some(step))?);
            }
        }
        let first = chains[&width].node_at(q)?;
        let row = chains[&width].spread(&first);
        let mut state = chains[&width].within_reach(&row, predictions[0].log_m);
        let mut entering = Vec::with_capacity(widths.len());
        for (width, prediction) in widths.iter().zip(&predictions).skip(1) {
            if let Some(chain) = chains.get_mut(width) {
                let next = chain.advance(&state, prediction.log_m)?;
                entering.push(std::mem::replace(&mut state, next));
            }
        }
        Ok(Self {
            widths,
            chains,
            first,
            predictions,
            entering,
        })
    }

    pub(super) fn laws(mut self) -> Result<Vec<Layer>, FiniteWidthError> {
        let forward = (0..self.widths.len())
            .map(|layer| self.forward(layer))
            .collect::<Result<Vec<_>, _>>()?;
        let backward = self.backward()?;
        Ok(forward
            .into_iter()
            .zip(backward)
            .map(|(forward, backward)| Layer { forward, backward })
            .collect())
    }

    fn forward(&mut self, layer: usize) -> Result<Sites, FiniteWidthError> {
        let width = self.widths[layer];
        let (log_q, log_m) = (self.predictions[layer].log_q, self.predictions[layer].log_m);
        let (mut before, mut after) = (Vec::new(), Vec::new());
        let mut add = |weight: f64, node: &Node| {
            before.push(Component {
                weight,
                mean: node.log_q - log_q,
                variance: 0.0,
            });
            after.push(Component {
                weight,
                mean: node.mean - log_m,
                variance: node.variance,
            });
        };
        if layer == 0 {
            add(1.0, &self.first);
        } else {
            for (place, weight) in self.entering[layer - 1].places() {
                if let Some(chain) = self.chains.get_mut(&width) {
                    add(weight, &chain.node(place)?);
                }
            }
        }
        Ok(Sites {
            before: estimated(before).plus(&linear(width)),
            after: estimated(after),
        })
    }

    fn backward(&mut self) -> Result<Vec<Sites>, FiniteWidthError> {
        let mut sites = Vec::with_capacity(self.widths.len());
        let mut above: Option<Stretch<Gathered>> = None;
        let mut predicted = 0.0;
        // At the top the gradient has only passed the linear output layer.
        let mut arriving = Mixture::single(&LogMoment::CERTAIN);
        arriving.exactness = Exactness::Estimated;
        for layer in (0..self.widths.len()).rev() {
            let width = self.widths[layer];
            predicted += self.predictions[layer].log_slope;
            let Some(chain) = self.chains.get_mut(&width) else {
                break;
            };
            let component = |weight: f64, value: &Gathered| Component {
                weight,
                mean: value.mean - predicted,
                variance: value.variance,
            };
            let values: Vec<(f64, Gathered)> = if layer == 0 {
                let row = chain.spread(&self.first);
                vec![(
                    1.0,
                    chain.gather_through(&self.first, &row, width, above.as_ref()),
                )]
            } else {
                let entering = &self.entering[layer - 1];
                let gathered = chain.gather(entering, self.widths[layer - 1], above.as_ref())?;
                let values = entering
                    .values
                    .iter()
                    .copied()
                    .zip(gathered.values.clone())
                    .collect();
                above = Some(gathered);
                values
            };
            let before = estimated(
                values
                    .iter()
                    .map(|(w, value)| component(*w, value))
                    .collect(),
            );
            let after = std::mem::replace(&mut arriving, through_weights(&values, predicted))
                .plus(&linear(width));
            sites.push(Sites { before, after });
        }
        sites.reverse();
        Ok(sites)
    }
}

/// The gradient behind the weights of these layers: larger by its alignment with the signal there.
fn through_weights(values: &[(f64, Gathered)], predicted: f64) -> Mixture {
    let component = |(weight, value): &(f64, Gathered)| Component {
        weight: *weight,
        mean: value.mean + value.passage - predicted,
        variance: value.variance,
    };
    estimated(values.iter().map(component).collect())
}

fn logarithms(mean_field: &MeanField, q: f64, layer: usize) -> Result<[f64; 3], FiniteWidthError> {
    let silent = FiniteWidthError::Silent { layer };
    if !(q > 0.0 && q.is_finite()) {
        return Err(silent);
    }
    let moments = mean_field.moments(q)?;
    if moments.second_moment.value <= f64::MIN_POSITIVE {
        return Err(silent);
    }
    let slope = moments
        .derivative_second_moment
        .value
        .max(f64::MIN_POSITIVE);
    Ok([q, moments.second_moment.value, slope].map(libm::log))
}

/// A mixture of at most [`COMPONENTS`], neighbours merged with their mean and variance kept.
fn estimated(components: Vec<Component>) -> Mixture {
    let group = components.len().div_ceil(COMPONENTS);
    let components = components.chunks(group.max(1)).map(merge).collect();
    Mixture {
        components,
        exactness: Exactness::Estimated,
    }
}

fn merge(parts: &[Component]) -> Component {
    let weight: f64 = parts.iter().map(|part| part.weight).sum();
    if weight <= 0.0 || parts.len() == 1 {
        return Component { weight, ..parts[0] };
    }
    let mean = parts
        .iter()
        .map(|part| part.weight * part.mean)
        .sum::<f64>()
        / weight;
    let spread = |part: &Component| part.variance + (part.mean - mean) * (part.mean - mean);
    let variance = parts
        .iter()
        .map(|part| part.weight * spread(part))
        .sum::<f64>()
        / weight;
    Component {
        weight,
        mean,
        variance,
    }
}
