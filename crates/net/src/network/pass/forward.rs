//! One lane's forward pass.

use crate::graph::{Bias, Graph};
use crate::loss::{GradientOut, Targets};
use crate::matrix;
use crate::network::workers::Team;
use crate::operator::Forward;
use crate::plan::{ForwardStep, Plan, Task, Work, write_one_read_two};
use crate::tap::{Site, Tap};

/// Writes every weight with its inputs first.
pub(super) fn transpose(team: Team, plan: &Plan, parameters: &[f32], transposed: &mut [f32]) {
    team.for_each_task(
        &plan.transposes,
        transposed,
        0,
        &|task: &Task, out: &mut [f32]| {
            let Work::Transpose {
                inputs,
                outputs,
                first,
            } = task.work
            else {
                unreachable!("the plan lists transposes here");
            };
            let weight = task.start - first * outputs;
            matrix::transpose(
                &parameters[weight..weight + inputs * outputs],
                inputs,
                first,
                out,
            );
        },
    );
}

/// What a lane's forward pass reads.
pub(super) struct Lane<'a> {
    pub(super) graph: &'a Graph,
    pub(super) plan: &'a Plan,
    pub(super) parameters: &'a [f32],
    pub(super) transposed: &'a [f32],
    pub(super) inputs: &'a [&'a [f32]],
    pub(super) targets: Option<Targets<'a>>,
    pub(super) examples: usize,
    pub(super) tap: &'a dyn Tap,
}

impl Lane<'_> {
    /// Runs lane `index` and gives the sum of its examples' losses.
    pub(super) fn run(&self, index: usize, lane: &mut [f32]) -> f64 {
        let rows = self.plan.lanes.rows_of(index, self.examples);
        if rows == 0 {
            return 0.0;
        }
        for (input, &values) in self.inputs.iter().enumerate() {
            self.read_input(index, rows, input, values, lane);
        }
        for step in &self.plan.forward {
            self.step(index, rows, step, lane);
        }
        self.targets
            .map_or(0.0, |targets| self.loss(index, rows, targets, lane))
    }

    fn read_input(&self, index: usize, rows: usize, input: usize, all: &[f32], lane: &mut [f32]) {
        let value = self.graph.inputs[input];
        let features = self.graph.features(value);
        let first = index * self.plan.lanes.rows * features;
        let values = &mut lane[self.plan.inputs[input].range(rows)];
        values.copy_from_slice(&all[first..first + rows * features]);
        self.tap.activation(&self.site(value, index), values);
    }

    fn step(&self, index: usize, rows: usize, step: &ForwardStep, lane: &mut [f32]) {
        let node = &self.graph.nodes[step.node];
        let out = if step.in_place {
            let values = &mut lane[step.out.range(rows)];
            node.operator.forward_in_place(values);
            values
        } else {
            let reads = step.reads.map(|place| place.range(rows));
            let (out, [first, second]) = write_one_read_two(lane, step.out.range(rows), reads);
            let (weight, bias) = self.weights(node.weight, node.operator.bias());
            node.operator.forward(
                &Forward {
                    first,
                    second,
                    weight,
                    bias,
                },
                out,
            );
            out
        };
        self.tap.activation(&self.site(node.output, index), out);
    }

    fn weights(&self, weight: Option<usize>, bias: Bias) -> (&[f32], &[f32]) {
        let Some(index) = weight else {
            return (&[], &[]);
        };
        let parameters = &self.graph.parameters;
        let weight = &self.transposed[parameters[index].range()];
        match bias {
            Bias::Yes => (weight, &self.parameters[parameters[index + 1].range()]),
            Bias::No => (weight, &[]),
        }
    }

    fn loss(&self, index: usize, rows: usize, targets: Targets<'_>, lane: &mut [f32]) -> f64 {
        let features = self.graph.output().shape().len();
        let targets = targets.rows(index * self.plan.lanes.rows, rows, features);
        let output = self.plan.output.range(rows);
        let loss = self.graph.loss.expect("checked before the pass");
        match self.plan.seed {
            None => loss.run(&lane[output], features, targets, GradientOut::None),
            Some(seed) => {
                let reads = [output, 0..0];
                let (gradient, [output, _]) = write_one_read_two(lane, seed.range(rows), reads);
                let examples = self.examples;
                loss.run(
                    output,
                    features,
                    targets,
                    GradientOut::Into { gradient, examples },
                )
            }
        }
    }

    fn site(&self, value: usize, lane: usize) -> Site<'_> {
        site(self.graph, self.plan, value, lane)
    }
}

/// Where a value's part in one lane is.
pub(super) fn site<'a>(graph: &'a Graph, plan: &Plan, value: usize, lane: usize) -> Site<'a> {
    let described = &graph.values[value];
    Site {
        name: &described.name,
        index: value,
        producer: described.producer,
        part: lane,
        parts: plan.lanes.count,
    }
}
