//! What a run has measured so far: kept in its checkpoints, so that one that was interrupted ends
//! with the same results.

use std::collections::HashSet;

use evenkeel_net::{Graph, Moments, Producer, Quantity, Recorder, Role};
use serde::{Deserialize, Serialize};

use super::{NetKind, TrainSpec};
use crate::measure;
use crate::results::{Direction, Number, Profile};

/// Points of each curve, about.
const POINTS: u64 = 50;

/// The measurements of a run.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct History {
    /// Steps done at each point of the curves.
    pub(super) steps: Vec<u64>,
    /// Mean loss over the steps since the point before.
    pub(super) loss: Vec<Number>,
    /// Share of their images that were told right.
    pub(super) accuracy: Vec<Number>,
    /// The loss of the first step, once it was taken.
    first_loss: Option<Number>,
    /// Steps done, and accuracy on the validation part, at the end of each epoch.
    pub(super) valid_steps: Vec<u64>,
    pub(super) valid_accuracy: Vec<Number>,
    /// Statistics against depth at the first and the last step.
    pub(super) profiles: Vec<Profile>,
    since: Since,
}

/// What has come since the last point.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Since {
    loss: Number,
    steps: u64,
    correct: u64,
    examples: u64,
}

impl History {
    /// Adds a step of so many in all, and says whether it completed a point.
    pub(super) fn add(
        &mut self,
        (step, steps): (u64, u64),
        loss: f64,
        (correct, examples): (usize, usize),
    ) -> bool {
        if step == 1 {
            self.first_loss = Some(loss.into());
        }
        self.since.loss.0 += loss;
        self.since.steps += 1;
        self.since.correct += correct as u64;
        self.since.examples += examples as u64;
        let every = steps.div_ceil(POINTS);
        let complete = step.is_multiple_of(every) || step == steps;
        if complete {
            self.point(step);
        }
        complete
    }

    /// The loss of the first step; NaN where it broke.
    pub(super) fn first_loss(&self) -> f64 {
        self.first_loss.map_or(f64::NAN, |loss| loss.0)
    }

    /// Ends the curves with the steps since the last point, if there are any.
    pub(super) fn point(&mut self, step: u64) {
        if self.since.steps > 0 {
            self.steps.push(step);
            self.loss.push(self.mean_loss().into());
            self.accuracy.push(self.mean_accuracy().into());
            self.since = Since::default();
        }
    }

    /// Mean loss since the last point; that of the last point where there was no step since.
    pub(super) fn mean_loss(&self) -> f64 {
        match self.since.steps {
            0 => self.loss.last().map_or(f64::NAN, |loss| loss.0),
            steps => self.since.loss.0 / steps as f64,
        }
    }

    /// Accuracy since the last point; that of the last point where there was no step since.
    pub(super) fn mean_accuracy(&self) -> f64 {
        match self.since.examples {
            0 => self.accuracy.last().map_or(f64::NAN, |accuracy| accuracy.0),
            examples => self.since.correct as f64 / examples as f64,
        }
    }

    /// Keeps the statistics of one step.
    pub(super) fn keep_profiles(
        &mut self,
        spec: &TrainSpec,
        graph: &Graph,
        recorder: &Recorder,
        when: &str,
    ) {
        // What stands for a layer's state: the sum where branches join the trunk, or the
        // activation.
        let (producer, what) = match spec.net {
            NetKind::Mlp | NetKind::Cnn => (Producer::Activation, "activations"),
            NetKind::ResMlp | NetKind::ResCnn => (Producer::Add, "residual sums"),
        };
        let weights: HashSet<&str> = graph
            .parameters()
            .iter()
            .filter(|p| matches!(p.role(), Role::Weight { .. }))
            .map(|p| p.name())
            .collect();
        let values = |quantity| {
            let records = recorder.records(quantity).into_iter();
            let chosen = records.filter(move |record| record.producer == producer);
            chosen.map(|record| record.moments).collect::<Vec<_>>()
        };
        let of_weights: Vec<Moments> = recorder
            .records(Quantity::WeightGradient)
            .into_iter()
            .filter(|record| weights.contains(record.name.as_str()))
            .map(|record| record.moments)
            .collect();
        let init = colour(&spec.recipe.to_string());
        let forward = values(Quantity::Activation);
        let mut keep = |name: String, direction, moments: &[Moments]| {
            let layers = moments.iter().enumerate();
            self.profiles.push(Profile {
                name,
                init: init.clone(),
                direction,
                layers: layers.map(|(l, m)| measure::layer(l, m)).collect(),
                predicted: Vec::new(),
            });
        };
        keep(format!("{what}, {when}"), Direction::Forward, &forward);
        let gradients = values(Quantity::Gradient);
        keep(
            format!("their gradients, {when}"),
            Direction::Backward,
            &gradients,
        );
        keep(
            format!("weight gradients, {when}"),
            Direction::Backward,
            &of_weights,
        );
    }
}

/// The key of a recipe's colour.
pub(super) fn colour(recipe: &str) -> String {
    let name = recipe.split('(').next().unwrap_or(recipe);
    let known = ["kaiming", "xavier", "orthogonal", "pytorch", "fixup"];
    let family = known.into_iter().find(|family| name.starts_with(family));
    family.unwrap_or(name).to_owned()
}
