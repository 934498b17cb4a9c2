//! The backward pass: segments of lanes, each followed by its weight gradients.

use super::forward::site;
use crate::graph::{Graph, Producer};
use crate::matrix::Accumulate;
use crate::network::arena::Parts;
use crate::network::workers::Team;
use crate::operator::{Backward, Operator};
use crate::plan::{BackwardStep, Plan, Source, Task, Work, write_one_read_two};
use crate::tap::{Site, Tap};

/// What a backward pass reads.
pub(super) struct Pass<'a> {
    pub(super) graph: &'a Graph,
    pub(super) plan: &'a Plan,
    pub(super) parameters: &'a [f32],
    pub(super) examples: usize,
    pub(super) tap: &'a dyn Tap,
}

impl Pass<'_> {
    /// Runs it, from `seed` or from the gradient that the forward pass left.
    pub(super) fn run(&self, team: Team, parts: Parts<'_>, seed: Option<&[f32]>) {
        let Parts {
            lanes, gradients, ..
        } = parts;
        let lane_len = self.plan.sections.lane;
        let mut seed = seed;
        for segment in &self.plan.segments {
            let steps = &self.plan.backward[segment.steps.clone()];
            let first = seed.take();
            team.for_each_lane(lanes, lane_len, |index, lane| {
                self.lane(index, lane, steps, first);
            });
            let lanes = &*lanes;
            let tasks = &self.plan.weight_tasks[segment.tasks.clone()];
            team.for_each_task(tasks, gradients, 0, &|task: &Task, out: &mut [f32]| {
                self.weight_gradient(task, lanes, out);
            });
        }
    }

    fn lane(&self, index: usize, lane: &mut [f32], steps: &[BackwardStep], seed: Option<&[f32]>) {
        let rows = self.plan.lanes.rows_of(index, self.examples);
        if rows == 0 {
            return;
        }
        if let (Some(seed), Some(place)) = (seed, self.plan.seed) {
            let features = self.graph.output().shape().len();
            let first = index * self.plan.lanes.rows * features;
            lane[place.range(rows)].copy_from_slice(&seed[first..first + rows * features]);
        }
        for step in steps {
            self.step(index, rows, step, lane);
        }
    }

    fn step(&self, index: usize, rows: usize, step: &BackwardStep, lane: &mut [f32]) {
        let node = &self.graph.nodes[step.node];
        let gradient = step.gradient.range(rows);
        if step.first {
            let site = site(self.graph, self.plan, node.output, index);
            self.tap.gradient(&site, &lane[gradient.clone()]);
        }
        let Some(out) = step.out else { return };
        let retained = step.retained.range(rows);
        if step.in_place {
            let (gradient, [retained, _]) = write_one_read_two(lane, gradient, [retained, 0..0]);
            node.operator.backward_in_place(retained, gradient);
        } else {
            let reads = [gradient, retained];
            let (out, [gradient, retained]) = write_one_read_two(lane, out.range(rows), reads);
            let weight = node.weight.map_or(&[][..], |weight| {
                &self.parameters[self.graph.parameters[weight].range()]
            });
            let reads = Backward {
                gradient,
                retained,
                weight,
            };
            node.operator.backward(&reads, step.accumulate, out);
        }
    }

    /// Sums one task's part of a parameter's gradient over the lanes, in order.
    fn weight_gradient(&self, task: &Task, lanes: &[f32], out: &mut [f32]) {
        match task.work {
            Work::Weight {
                source,
                first,
                count,
            } => {
                let linear = self.linear(source);
                for (index, gradient, input) in self.sources(source, lanes) {
                    let accumulate = if index == 0 {
                        Accumulate::Overwrite
                    } else {
                        Accumulate::Add
                    };
                    let outputs = first..first + count;
                    linear.weight_gradient(gradient, input, outputs, accumulate, out);
                }
            }
            Work::Bias { source } => {
                let linear = self.linear(source);
                out.fill(0.0);
                for (_, gradient, _) in self.sources(source, lanes) {
                    linear.add_bias_gradient(gradient, out);
                }
            }
            Work::Transpose { .. } => unreachable!("the plan lists weight gradients here"),
        }
        let name = self.graph.parameters[task.parameter].name();
        let Task {
            parameter: index,
            part,
            parts,
            ..
        } = *task;
        self.tap.weight_gradient(
            &Site {
                name,
                index,
                producer: Producer::Linear,
                part,
                parts,
            },
            out,
        );
    }

    fn linear(&self, source: Source) -> crate::operator::Linear {
        match self.graph.nodes[source.node].operator {
            Operator::Linear(linear) => linear,
            _ => unreachable!("only linear layers have weight gradients"),
        }
    }

    /// The index, output gradient and input of each lane that has rows.
    fn sources<'l>(
        &self,
        source: Source,
        lanes: &'l [f32],
    ) -> impl Iterator<Item = (usize, &'l [f32], &'l [f32])> {
        let (shape, examples) = (self.plan.lanes, self.examples);
        let used = examples.div_ceil(shape.rows);
        let slices = lanes.chunks_exact(self.plan.sections.lane).take(used);
        slices.enumerate().map(move |(index, lane)| {
            let rows = shape.rows_of(index, examples);
            (
                index,
                &lane[source.gradient.range(rows)],
                &lane[source.input.range(rows)],
            )
        })
    }
}
