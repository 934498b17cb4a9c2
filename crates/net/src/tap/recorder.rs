//! Statistics of every tensor.

use super::dead_units::{Alive, DeadUnits};
use super::parts::Parts;
use super::updates::{Update, Updates};
use super::{Site, Tap};
use crate::graph::Producer;
use crate::network::Network;
use crate::operator::Operator;
use crate::statistics::{Histogram, HistogramError, Moments};

/// What is followed through the layers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Quantity {
    /// Values of the forward pass, inputs included.
    Activation,
    /// Gradients of the loss by those values.
    Gradient,
    /// Gradients of the loss by the parameters.
    WeightGradient,
}

/// Statistics of one tensor over everything that was shown.
#[derive(Clone, Debug, PartialEq)]
pub struct Record {
    /// Name of the value or parameter.
    pub name: String,
    /// What made it.
    pub producer: Producer,
    /// Its moments.
    pub moments: Moments,
    /// Its histogram, if one was asked for.
    pub histogram: Option<Histogram>,
    /// Its dead units over all that was shown, for what an activation made.
    pub dead_units: Option<DeadUnits>,
}

/// A [`Tap`] that keeps [`Moments`], and [`Histogram`]s where asked, of every tensor of a
/// network, over all batches that it sees; of what activations make also the units that are dead,
/// and of optimisers' steps ([`Optimizer::step_tapped`](crate::Optimizer::step_tapped)) how large
/// they are beside the weights.
///
/// Each part of each tensor has its own accumulator, and they are merged in order when read, so
/// the statistics have the same bits for any number of threads.
///
/// # Example
///
/// ```
/// use evenkeel_net::{Activation, Mode, Network, Quantity, Recorder, Threads, zoo};
///
/// let graph = zoo::mlp(&zoo::MlpSpec::new(8, 16, 3, 2, Activation::relu()))?;
/// let mut network = Network::new(graph, 4, Mode::Forward, Threads(1))?;
/// network.initialize(|_, values| values.fill(0.125));
/// let recorder = Recorder::new(&network).with_histograms(Quantity::Activation, 0.0, 2.0, 8)?;
/// network.predict(&[&[1.0; 32]], &recorder)?;
/// let records = recorder.records(Quantity::Activation);
/// let first = records.iter().find(|record| record.name == "fc0").unwrap();
/// // 8 inputs of 1 times 1/8, and a bias of 1/8.
/// assert_eq!(first.moments.mean(), 1.125);
/// assert_eq!(first.histogram.as_ref().unwrap().counts()[4], 4 * 16);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Recorder {
    values: Vec<(String, Producer)>,
    parameters: Vec<(String, Producer)>,
    activations: Parts<Cell>,
    gradients: Parts<Cell>,
    weight_gradients: Parts<Cell>,
    updates: Updates,
    /// Of each value that a ReLU makes, what it is made of: its histogram follows from that one's, and
    /// is not counted.
    rectified: Vec<Option<usize>>,
}

/// What is kept of a part of a tensor.
#[derive(Clone, Debug, Default)]
struct Cell {
    moments: Moments,
    histogram: Option<Histogram>,
    alive: Option<Alive>,
}

impl Recorder {
    /// A recorder of moments for every tensor of `network`.
    pub fn new(network: &Network) -> Self {
        let graph = network.graph();
        let lanes = network.plan().lane_count();
        let values = graph
            .values()
            .iter()
            .map(|v| (v.name().to_owned(), v.producer()));
        let parameters = graph.parameters().iter().enumerate();
        let parameters =
            parameters.map(|(index, p)| (p.name().to_owned(), graph.producer_of(index)));
        let per_value = || Parts::<Cell>::new(graph.values().iter().map(|_| lanes));
        let mut activations = per_value();
        for (index, value) in graph.values().iter().enumerate() {
            if value.producer() == Producer::Activation {
                for cell in activations.of_mut(index) {
                    cell.alive = Some(Alive::new(value.shape()));
                }
            }
        }
        let mut rectified = vec![None; graph.values().len()];
        for node in &graph.nodes {
            if let Operator::Activation(activation) = &node.operator
                && activation.is_relu()
            {
                rectified[node.output] = Some(node.inputs.first());
            }
        }
        Self {
            values: values.collect(),
            parameters: parameters.collect(),
            activations,
            gradients: per_value(),
            weight_gradients: Parts::new(network.plan().parameter_parts(graph).into_iter()),
            updates: Updates::new(graph),
            rectified,
        }
    }

    /// Keeps a histogram for each tensor of `quantity` too, all with one range and number of
    /// bins.
    ///
    /// # Errors
    ///
    /// Those of [`Histogram::new`].
    pub fn with_histograms(
        mut self,
        quantity: Quantity,
        low: f64,
        high: f64,
        bins: usize,
    ) -> Result<Self, HistogramError> {
        let empty = Histogram::new(low, high, bins)?;
        for cell in self.table_mut(quantity).all_mut() {
            cell.histogram = Some(empty.clone());
        }
        Ok(self)
    }

    /// Statistics of every tensor that was shown, in the order of computation.
    pub fn records(&self, quantity: Quantity) -> Vec<Record> {
        let name = |index: usize| match quantity {
            Quantity::WeightGradient => self.parameters[index].clone(),
            Quantity::Activation | Quantity::Gradient => self.values[index].clone(),
        };
        let table = self.table(quantity);
        let shown = (0..table.tensors()).filter_map(|index| {
            let (name, producer) = name(index);
            let Cell {
                moments,
                mut histogram,
                alive,
            } = merged(table, index);
            if quantity == Quantity::Activation
                && let Some(input) = self.rectified[index]
            {
                let input = merged(table, input).histogram;
                let followed = input.zip(histogram);
                histogram = followed.map(|(all, own)| all.rectified(own.nonfinite()));
            }
            (moments.count() > 0).then_some(Record {
                name,
                producer,
                moments,
                histogram,
                dead_units: alive.map(|alive| alive.dead_units()),
            })
        });
        shown.collect()
    }

    /// How large the optimiser's steps were beside the weights, for every parameter of which a
    /// step was shown, in the order of computation.
    pub fn updates(&self) -> Vec<Update> {
        self.updates.read()
    }

    /// Forgets everything shown so far.
    pub fn clear(&mut self) {
        self.updates.clear();
        for table in [
            &mut self.activations,
            &mut self.gradients,
            &mut self.weight_gradients,
        ] {
            for cell in table.all_mut() {
                cell.moments = Moments::new();
                if let Some(histogram) = &mut cell.histogram {
                    histogram.clear();
                }
                if let Some(alive) = &mut cell.alive {
                    alive.clear();
                }
            }
        }
    }

    fn table(&self, quantity: Quantity) -> &Parts<Cell> {
        match quantity {
            Quantity::Activation => &self.activations,
            Quantity::Gradient => &self.gradients,
            Quantity::WeightGradient => &self.weight_gradients,
        }
    }

    fn table_mut(&mut self, quantity: Quantity) -> &mut Parts<Cell> {
        match quantity {
            Quantity::Activation => &mut self.activations,
            Quantity::Gradient => &mut self.gradients,
            Quantity::WeightGradient => &mut self.weight_gradients,
        }
    }
}

impl Tap for Recorder {
    fn activation(&self, site: &Site<'_>, values: &[f32]) {
        let counts = match self.rectified[site.index] {
            Some(_) => Counts::Follow,
            None => Counts::Own,
        };
        update(&self.activations, site, values, counts);
    }

    fn gradient(&self, site: &Site<'_>, values: &[f32]) {
        update(&self.gradients, site, values, Counts::Own);
    }

    fn weight_gradient(&self, site: &Site<'_>, values: &[f32]) {
        update(&self.weight_gradients, site, values, Counts::Own);
    }

    fn update(&self, site: &Site<'_>, before: &[f32], after: &[f32]) {
        self.updates.add(site, before, after);
    }
}

/// Whether a tensor's histogram has counts of its own, or, but for what is not finite, follows from another's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Counts {
    Own,
    Follow,
}

fn update(table: &Parts<Cell>, site: &Site<'_>, values: &[f32], counts: Counts) {
    table.with(site.index, site.part, |cell| {
        let moments = &mut cell.moments;
        match (&mut cell.histogram, counts) {
            (Some(histogram), Counts::Own) => {
                histogram.update_beside(values, |part| {
                    let nonfinite = moments.nonfinite_count();
                    moments.update(part);
                    moments.nonfinite_count() == nonfinite
                });
            }
            (Some(histogram), Counts::Follow) => {
                let nonfinite = moments.nonfinite_count();
                moments.update(values);
                histogram.add_nonfinite(moments.nonfinite_count() - nonfinite);
            }
            (None, _) => moments.update(values),
        }
        if let Some(alive) = &mut cell.alive {
            alive.update(values);
        }
    });
}

fn merged(table: &Parts<Cell>, index: usize) -> Cell {
    let mut merged = Cell::default();
    table.each(index, |cell| {
        merged.moments.merge(&cell.moments);
        match (&mut merged.histogram, &cell.histogram) {
            (Some(all), Some(part)) => all.merge(part).expect("all have one range"),
            (all, part) => all.clone_from(part),
        }
        match (&mut merged.alive, &cell.alive) {
            (Some(all), Some(part)) => all.merge(part),
            (all, part) => all.clone_from(part),
        }
    });
    merged
}
