//! The backward pass: segments of lanes, each followed by its weight gradients.

use super::forward::{self, as_rows, site};
use super::reduce;
use crate::blocks;
use crate::graph::{Graph, Producer};
use crate::matrix::Accumulate;
use crate::network::workers::Team;
use crate::operator::{Backward, Behaviour, Context, Direction, Operator, Writes};
use crate::plan::{BackwardStep, Place, Plan, Source, Stage, Task, Work, carve, carve_one};
use crate::sums;
use crate::tap::{NoTap, Site, Tap};

/// What a backward pass reads.
pub(super) struct Pass<'a> {
    pub(super) graph: &'a Graph,
    pub(super) plan: &'a Plan,
    pub(super) parameters: &'a [f32],
    pub(super) laid: &'a [f32],
    pub(super) examples: usize,
    pub(super) behaviour: Behaviour,
    pub(super) step: u64,
    pub(super) keys: &'a [[u32; 2]],
    pub(super) tap: &'a dyn Tap,
}

impl Pass<'_> {
    /// Runs it, from `seed` or from the gradient that the forward pass left.
    pub(super) fn run(
        &self,
        team: Team,
        (lanes, gradients): (&mut [f32], &mut [f32]),
        seed: Option<&[f32]>,
        sums: &mut [f64],
        statistics: &mut [f64],
    ) {
        let lane_len = self.plan.sections.lane;
        for segment in &self.plan.segments {
            let steps = &self.plan.backward[segment.steps.clone()];
            let is_first = segment.steps.start == 0;
            let context = Context {
                behaviour: self.behaviour,
                examples: self.examples,
                first_row: 0,
                rows: 0,
                step: self.step,
                keys: self.keys,
                statistics,
            };
            let again = &self.plan.again[segment.again.clone()];
            let forward = forward::Lanes {
                graph: self.graph,
                plan: self.plan,
                parameters: self.parameters,
                laid: self.laid,
                inputs: &[],
                targets: None,
                context,
                // It was shown these values when they were made first.
                tap: &NoTap,
            };
            let all_lanes = (&mut *lanes, lane_len);
            let sums_of_each = (&mut *sums, self.plan.sums);
            let shape = (forward.used(0), self.plan.turns);
            team.for_lanes(all_lanes, sums_of_each, shape, |first, lanes, sums| {
                forward.clear_unused(first, sums);
                forward.again(first, lanes, again);
                if is_first {
                    for (index, lane) in forward.each(first, lanes) {
                        self.seed(index, forward.rows(index), seed, lane);
                    }
                }
                for steps in steps.chunks(forward.steps_per_turn(lanes)) {
                    let each = forward.each(first, lanes);
                    for ((index, lane), sums) in each.zip(sums.chunks_exact_mut(self.plan.sums)) {
                        let context = forward.context_of(index);
                        self.take(index, steps, &context, (lane, sums));
                    }
                }
            });
            let lanes = &*lanes;
            let tasks = &self.plan.weight_tasks[segment.tasks.clone()];
            team.for_each_task(tasks, gradients, 0, &|task: &Task, out: &mut [f32]| {
                self.weight_gradient(task, lanes, statistics, out);
            });
            if let Some(node) = segment.reduce {
                let plan = self.plan;
                reduce::backward(self.graph, node, reduce::Lanes { sums, plan }, statistics);
            }
        }
    }

    /// Takes steps on one lane.
    fn take(
        &self,
        index: usize,
        steps: &[BackwardStep],
        context: &Context<'_>,
        (lane, sums): (&mut [f32], &mut [f64]),
    ) {
        for step in steps {
            self.show(index, context.rows, step, lane);
            match step.stage {
                Stage::Whole => self.step(context.rows, step, context, lane),
                Stage::Collect => self.collect(context.rows, step, lane, &mut sums[1..]),
            }
        }
    }

    /// Puts the gradient of the output where the first step reads it, from `seed` if it was given.
    fn seed(&self, index: usize, rows: usize, seed: Option<&[f32]>, lane: &mut [f32]) {
        let Some(place) = self.plan.seed else {
            return;
        };
        let features = self.graph.output().shape().len();
        if let Some(seed) = seed {
            let first = index * self.plan.lanes.rows * features;
            lane[place.range(rows)].copy_from_slice(&seed[first..first + rows * features]);
        }
        if let Some(blocks) = self.plan.seed_blocks {
            let (out, [seed]) = carve_one(lane, blocks.range(rows), [place.range(rows)]);
            blocks::from_rows(seed, features, Accumulate::Overwrite, out);
        }
    }

    /// Shows the gradient of a node's output when it is whole.
    fn show(&self, index: usize, rows: usize, step: &BackwardStep, lane: &mut [f32]) {
        if step.first && !self.tap.is_blind() {
            let value = self.graph.nodes[step.node].output;
            let site = site(self.graph, self.plan, value, index);
            let features = self.graph.features(value);
            let gradient = as_rows(self.plan, lane, step.gradient, features, rows);
            self.tap.gradient(&site, gradient);
        }
    }

    fn collect(&self, rows: usize, step: &BackwardStep, lane: &[f32], sums: &mut [f64]) {
        if let Operator::BatchNorm(norm) = &self.graph.nodes[step.node].operator {
            let (gradient, input) = (step.gradient.range(rows), step.retained.range(rows));
            norm.collect_backward(rows, &lane[gradient], &lane[input], sums);
        }
    }

    fn step(&self, rows: usize, step: &BackwardStep, context: &Context<'_>, lane: &mut [f32]) {
        let node = &self.graph.nodes[step.node];
        let gradient = step.gradient.range(rows);
        let (retained, partial) = (step.retained.range(rows), step.partial.range(rows));
        let out = step.out.unwrap_or(Place::NOTHING).range(rows);
        if out.is_empty() && partial.is_empty() {
            return;
        }
        let parameters = &self.parameters[node.storage.clone()];
        let laid = &self.laid[self.plan.laid(step.node, Direction::Backward)];
        if step.in_place {
            let (out, partial, [retained]) = if partial.is_empty() {
                let (out, reads) = carve_one(lane, gradient, [retained]);
                (out, &mut [][..], reads)
            } else {
                let ([out, partial], reads) = carve(lane, [gradient, partial], [retained]);
                (out, partial, reads)
            };
            let reads = Backward {
                gradient: &[],
                retained,
                parameters,
                laid,
                context,
            };
            node.operator.backward_in_place(&reads, out, partial);
        } else {
            let places = [gradient, retained];
            let scratch = self.plan.scratch_of(node.operator.scratch());
            let (out, partial, scratch, reads) = if partial.is_empty() && scratch.is_empty() {
                let (out, reads) = carve_one(lane, out, places);
                (out, &mut [][..], &mut [][..], reads)
            } else {
                let ([out, partial, scratch], reads) = carve(lane, [out, partial, scratch], places);
                (out, partial, scratch, reads)
            };
            let [gradient, retained] = reads;
            let reads = Backward {
                gradient,
                retained,
                parameters,
                laid,
                context,
            };
            let writes = Writes {
                out,
                accumulate: step.accumulate,
                partial,
            };
            node.operator.backward(&reads, writes, scratch);
        }
    }

    /// Sums one task's part of a parameter's gradient over the lanes, in order.
    fn weight_gradient(&self, task: &Task, lanes: &[f32], statistics: &[f64], out: &mut [f32]) {
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
            Work::Partial { partial, first, .. } => {
                let len = out.len();
                let mut parts = self
                    .lanes(lanes)
                    .map(|lane| &lane[partial.range(0)][first..first + len]);
                match (parts.next(), parts.next()) {
                    (Some(one), Some(other)) => sums::sum(out, one, other),
                    (Some(only), None) => out.copy_from_slice(only),
                    (None, _) => {}
                }
                for part in parts {
                    sums::add(out, part);
                }
            }
            Work::Statistics { first, .. } => {
                for (out, &sum) in out.iter_mut().zip(&statistics[first..]) {
                    *out = sum as f32;
                }
            }
            Work::Lay { .. } => unreachable!("the plan lists weight gradients here"),
        }
        if self.tap.is_blind() {
            return;
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
                producer: self.producer(task),
                part,
                parts,
            },
            out,
        );
    }

    fn producer(&self, task: &Task) -> Producer {
        let node = match task.work {
            Work::Weight { source, .. } | Work::Bias { source } => source.node,
            Work::Partial { node, .. } | Work::Statistics { node, .. } => node,
            Work::Lay { .. } => unreachable!("the plan lists weight gradients here"),
        };
        self.graph.values[self.graph.nodes[node].output].producer
    }

    fn linear(&self, source: Source) -> crate::operator::Linear {
        match self.graph.nodes[source.node].operator {
            Operator::Linear(linear) => linear,
            _ => unreachable!("only linear layers have weight gradients"),
        }
    }

    /// Each lane that has rows, in order.
    fn lanes<'l>(&self, lanes: &'l [f32]) -> impl Iterator<Item = &'l [f32]> {
        let used = self.plan.lanes.used(self.examples);
        lanes.chunks_exact(self.plan.sections.lane).take(used)
    }

    /// The index, output gradient and input of each lane that has rows.
    fn sources<'l>(
        &self,
        source: Source,
        lanes: &'l [f32],
    ) -> impl Iterator<Item = (usize, &'l [f32], &'l [f32])> {
        let (shape, examples) = (self.plan.lanes, self.examples);
        self.lanes(lanes).enumerate().map(move |(index, lane)| {
            let rows = shape.rows_of(index, examples);
            (
                index,
                &lane[source.gradient.range(rows)],
                &lane[source.input.range(rows)],
            )
        })
    }
}
