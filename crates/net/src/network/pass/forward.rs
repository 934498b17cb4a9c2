//! The forward pass of some lanes.

use crate::blocks::{self, Layout};
use crate::graph::Graph;
use crate::loss::{GradientOut, Targets};
use crate::network::workers::Team;
use crate::operator::{Behaviour, Context, Direction, Forward, Operator};
use crate::plan::{ForwardSegment, ForwardStep, Place, Plan, Stage, Task, Work, carve, carve_one};
use crate::tap::{Site, Tap};

/// Writes the weights as the passes read them.
pub(super) fn lay(team: Team, graph: &Graph, plan: &Plan, parameters: &[f32], laid: &mut [f32]) {
    team.for_each_task(&plan.layings, laid, 0, &|task: &Task, out: &mut [f32]| {
        let Work::Lay {
            node,
            direction,
            first,
        } = task.work
        else {
            unreachable!("the plan lists weights to be laid here");
        };
        let weight = &parameters[graph.parameters[task.parameter].range()];
        let operator = &graph.nodes[node].operator;
        operator.lay(weight, direction, first, out);
    });
}

/// What the forward pass of lanes reads.
pub(super) struct Lanes<'a> {
    pub(super) graph: &'a Graph,
    pub(super) plan: &'a Plan,
    pub(super) parameters: &'a [f32],
    pub(super) laid: &'a [f32],
    pub(super) inputs: &'a [&'a [f32]],
    pub(super) targets: Option<Targets<'a>>,
    pub(super) context: Context<'a>,
    pub(super) tap: &'a dyn Tap,
}

impl Lanes<'_> {
    /// Runs a stretch on the lanes from `first` on, which take their steps in turns. The first stretch reads the
    /// inputs; the last puts the sum of the examples' losses first among a lane's `sums`.
    pub(super) fn run(
        &self,
        first: usize,
        lanes: &mut [f32],
        sums: &mut [f64],
        segment: &ForwardSegment,
    ) {
        self.clear_unused(first, sums);
        if segment.steps.start == 0 {
            for (index, lane) in self.each(first, lanes) {
                for (input, &values) in self.inputs.iter().enumerate() {
                    self.read_input(index, self.rows(index), input, values, lane);
                }
            }
        }
        let steps = &self.plan.forward[segment.steps.clone()];
        for steps in steps.chunks(self.steps_per_turn(lanes)) {
            let mut sums = sums.chunks_exact_mut(self.plan.sums);
            self.in_turns(first, lanes, |index, lane, laid| {
                let context = self.context_of(index);
                let sums = sums.next().expect("each lane has its sums");
                for step in steps {
                    match step.stage {
                        Stage::Whole => self.step(index, step, &context, lane, laid),
                        Stage::Collect => self.collect(context.rows, step, lane, &mut sums[1..]),
                    }
                }
            });
        }
        if segment.steps.end == self.plan.forward.len() {
            let each = self.each(first, lanes);
            for ((index, lane), sums) in each.zip(sums.chunks_exact_mut(self.plan.sums)) {
                sums[0] = self.end(index, self.rows(index), lane);
            }
        }
    }

    /// Takes steps of the forward pass again.
    pub(super) fn again(&self, first: usize, lanes: &mut [f32], steps: &[ForwardStep]) {
        for steps in steps.chunks(self.steps_per_turn(lanes)) {
            self.in_turns(first, lanes, |index, lane, laid| {
                let context = self.context_of(index);
                for step in steps {
                    self.step(index, step, &context, lane, laid);
                }
            });
        }
    }

    /// Gives `work` one lane after another, and to all but the first the scratch of that one, in which it has laid
    /// its step's weight if lanes lay that by themselves.
    fn in_turns(
        &self,
        first: usize,
        lanes: &mut [f32],
        mut work: impl FnMut(usize, &mut [f32], Option<&[f32]>),
    ) {
        if self.used(first) == 0 {
            return;
        }
        let (leader, others) = lanes.split_at_mut(self.plan.sections.lane);
        work(first, leader, None);
        let laid = Some(&leader[self.plan.scratch.range(0)]);
        for (index, lane) in self.each(first + 1, others) {
            work(index, lane, laid);
        }
    }

    /// How many steps are taken on one of `lanes` before they are on the next: all, where there is no next.
    pub(super) fn steps_per_turn(&self, lanes: &[f32]) -> usize {
        match lanes.len() > self.plan.sections.lane {
            true => 1,
            false => usize::MAX,
        }
    }

    /// The lanes that have rows, which are the first of them.
    pub(super) fn each<'l>(
        &self,
        first: usize,
        lanes: &'l mut [f32],
    ) -> impl Iterator<Item = (usize, &'l mut [f32])> {
        let each = lanes.chunks_exact_mut(self.plan.sections.lane).enumerate();
        each.map(move |(index, lane)| (first + index, lane))
            .take(self.used(first))
    }

    /// Zeroes the sums of lanes without rows.
    pub(super) fn clear_unused(&self, first: usize, sums: &mut [f64]) {
        for sums in sums.chunks_exact_mut(self.plan.sums).skip(self.used(first)) {
            sums.fill(0.0);
        }
    }

    /// How many lanes from `first` on have rows.
    pub(super) fn used(&self, first: usize) -> usize {
        let used = self.plan.lanes.used(self.context.examples);
        used.saturating_sub(first)
    }

    pub(super) fn rows(&self, index: usize) -> usize {
        self.plan.lanes.rows_of(index, self.context.examples)
    }

    pub(super) fn context_of(&self, index: usize) -> Context<'_> {
        Context {
            first_row: index * self.plan.lanes.rows,
            rows: self.rows(index),
            ..self.context
        }
    }

    /// Brings the output to where it is read, and sums the loss.
    fn end(&self, index: usize, rows: usize, lane: &mut [f32]) -> f64 {
        if let Some(blocks) = self.plan.output_blocks {
            let features = self.graph.output().shape().len();
            let (out, reads) = (self.plan.output.range(rows), [blocks.range(rows)]);
            let (out, [made]) = carve_one(lane, out, reads);
            blocks::to_rows(made, features, out);
        }
        let loss = |targets| self.loss(index, rows, targets, lane);
        self.targets.map_or(0.0, loss)
    }

    fn collect(&self, rows: usize, step: &ForwardStep, lane: &[f32], sums: &mut [f64]) {
        if let (Operator::BatchNorm(norm), Behaviour::Training) = (
            &self.graph.nodes[step.node].operator,
            self.context.behaviour,
        ) {
            norm.collect_forward(rows, &lane[step.reads[0].range(rows)], sums);
        }
    }

    fn read_input(&self, index: usize, rows: usize, input: usize, all: &[f32], lane: &mut [f32]) {
        let value = self.graph.inputs[input];
        let features = self.graph.features(value);
        let first = index * self.plan.lanes.rows * features;
        let (place, from) = (
            self.plan.inputs[input],
            &all[first..first + rows * features],
        );
        place
            .layout()
            .lay(from, features, &mut lane[place.range(rows)]);
        if !self.tap.is_blind() {
            let site = site(self.graph, self.plan, value, index);
            self.tap.activation(&site, from);
        }
    }

    fn step(
        &self,
        index: usize,
        step: &ForwardStep,
        context: &Context<'_>,
        lane: &mut [f32],
        laid: Option<&[f32]>,
    ) {
        let node = &self.graph.nodes[step.node];
        let rows = context.rows;
        let reads = Forward {
            first: &[],
            second: &[],
            parameters: &self.parameters[node.storage.clone()],
            laid: &self.laid[self.plan.laid(step.node, Direction::Forward)],
            context,
        };
        if step.in_place {
            let values = &mut lane[step.out.range(rows)];
            node.operator.forward_in_place(&reads, values);
        } else {
            let places = step.reads.map(|place| place.range(rows));
            let in_lanes = self.plan.laid_in_lanes(step.node, &node.operator);
            let scratch = match laid {
                None if in_lanes > 0 => in_lanes,
                _ => node.operator.scratch(),
            };
            let scratch = self.plan.scratch_of(scratch);
            let out = step.out.range(rows);
            let (out, mut scratch, [first, second]) = if scratch.is_empty() {
                let (out, reads) = carve_one(lane, out, places);
                (out, &mut [][..], reads)
            } else {
                let ([out, scratch], reads) = carve(lane, [out, scratch], places);
                (out, scratch, reads)
            };
            let laid = match laid {
                _ if in_lanes == 0 => reads.laid,
                Some(laid) => &laid[..in_lanes],
                None => {
                    let laid = std::mem::take(&mut scratch);
                    let weight = &reads.parameters[..in_lanes];
                    node.operator.lay(weight, Direction::Forward, 0, laid);
                    laid
                }
            };
            let reads = Forward {
                first,
                second,
                laid,
                ..reads
            };
            node.operator.forward(&reads, out, scratch);
        }
        if !self.tap.is_blind() {
            let site = site(self.graph, self.plan, node.output, index);
            let features = self.graph.features(node.output);
            let values = as_rows(self.plan, lane, step.out, features, rows);
            self.tap.activation(&site, values);
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
                let reads = [output];
                let (gradient, [output]) = carve_one(lane, seed.range(rows), reads);
                let examples = self.context.examples;
                loss.run(
                    output,
                    features,
                    targets,
                    GradientOut::Into { gradient, examples },
                )
            }
        }
    }
}

/// The values at a place of a lane as rows: in the scratch where they are not.
pub(super) fn as_rows<'a>(
    plan: &Plan,
    lane: &'a mut [f32],
    place: Place,
    features: usize,
    rows: usize,
) -> &'a [f32] {
    let values = place.range(rows);
    match place.layout() {
        Layout::Rows => &lane[values],
        Layout::Blocks => {
            let start = plan.scratch.range(0).start;
            let (out, [made]) = carve_one(lane, start..start + rows * features, [values]);
            blocks::to_rows(made, features, out);
            out
        }
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
