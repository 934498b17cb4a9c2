//! What a training run is: everything that its outcome depends on besides the data.

use std::fmt;
use std::str::FromStr;

use evenkeel_net::{
    Adam, AdamW, LearningRate, MupRule, Nesterov, Optimizer, OptimizerError, Recipe, Schedule, Sgd,
};
use evenkeel_theory::Activation;
use serde::{Deserialize, Serialize};

use super::TrainError;

/// The deepest network that is trained.
const MAX_DEPTH: usize = 1_000_000;
/// The widest.
const MAX_WIDTH: usize = 65_536;
/// The largest batch.
const MAX_BATCH: usize = 1 << 20;

/// Which network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum NetKind {
    /// Linear layers.
    Mlp,
    /// Residual blocks of linear layers.
    ResMlp,
    /// Convolutions.
    Cnn,
    /// Residual blocks of convolutions.
    ResCnn,
}

/// How a step is made.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "name", rename_all = "lowercase")]
pub enum OptimizerSpec {
    /// Stochastic gradient descent.
    Sgd {
        /// Its momentum; 0 for none.
        momentum: f64,
    },
    /// Stochastic gradient descent with Nesterov's momentum.
    Nesterov {
        /// Its momentum, above 0.
        momentum: f64,
    },
    /// Adam.
    Adam,
    /// AdamW.
    AdamW,
}

/// How the learning rate falls.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "name", rename_all = "lowercase")]
pub enum ScheduleSpec {
    /// It does not.
    Constant,
    /// It is multiplied by `factor` every so many steps.
    Step {
        /// Steps between two falls.
        every: u64,
        /// What is left at each.
        factor: f64,
    },
    /// Half a wave of the cosine, from the end of the warm-up to the end of the run.
    Cosine {
        /// Share of the learning rate that is left at the end.
        floor: f64,
    },
}

/// How long a run is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Length {
    /// So many times through the training part.
    Epochs(u64),
    /// So many steps.
    Steps(u64),
}

/// A training run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TrainSpec {
    /// Which network.
    pub net: NetKind,
    /// Weight layers on its longest path.
    pub depth: usize,
    /// Features, or channels, of its hidden layers.
    pub width: usize,
    /// Its activation.
    #[serde(with = "text")]
    pub activation: Activation,
    /// How its weights begin.
    #[serde(with = "text")]
    pub recipe: Recipe,
    /// How a step is made.
    pub optimizer: OptimizerSpec,
    /// The learning rate at its peak.
    pub learning_rate: f64,
    /// The width that the learning rate was tuned at, where μP carries it from there to `width`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mup_base_width: Option<usize>,
    /// How it falls.
    pub schedule: ScheduleSpec,
    /// Steps of linear warm-up.
    pub warmup: u64,
    /// The largest gradient norm, where it is bounded.
    pub clip: Option<f64>,
    /// Weight decay.
    pub weight_decay: f64,
    /// Images of a step.
    pub batch: usize,
    /// How long the run is.
    pub length: Length,
    /// The seed of weights and data order.
    pub seed: u64,
}

/// A value that is stored as the text that it is shown as.
mod text {
    use std::fmt::Display;
    use std::str::FromStr;

    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub(super) fn serialize<T: Display, S: Serializer>(
        value: &T,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.collect_str(value)
    }

    pub(super) fn deserialize<'de, T, D>(deserializer: D) -> Result<T, D::Error>
    where
        T: FromStr<Err: Display>,
        D: Deserializer<'de>,
    {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(D::Error::custom)
    }
}

impl TrainSpec {
    /// That the sizes are within what is trained, and that there is something to do.
    ///
    /// # Errors
    ///
    /// [`TrainError::OutOfRange`], with the option.
    pub fn check(&self) -> Result<(), TrainError> {
        within("--depth", self.depth as u64, MAX_DEPTH as u64)?;
        within("--width", self.width as u64, MAX_WIDTH as u64)?;
        within("--batch", self.batch as u64, MAX_BATCH as u64)?;
        if let Some(base) = self.mup_base_width {
            within("--mup", base as u64, MAX_WIDTH as u64)?;
            if self.optimizer == OptimizerSpec::Adam && self.weight_decay > 0.0 {
                return Err(TrainError::MupWeightDecay {
                    given: self.weight_decay,
                });
            }
        }
        match self.length {
            Length::Epochs(epochs) => within("--epochs", epochs, u64::from(u32::MAX))?,
            Length::Steps(steps) => within("--steps", steps, u64::from(u32::MAX))?,
        }
        // What the optimiser and the schedule refuse, before data is read.
        self.optimizer()?;
        self.rate(1)?;
        match self.clip {
            Some(got) if !(got > 0.0 && got.is_finite()) => {
                Err(OptimizerError::MaxNorm { got })?;
            }
            _ => {}
        }
        Ok(())
    }

    /// The optimiser at its first step.
    pub(super) fn optimizer(&self) -> Result<Box<dyn Optimizer + Send>, OptimizerError> {
        let sgd = |momentum| Sgd::new(self.learning_rate)?.with_momentum(momentum);
        let decay = self.weight_decay;
        Ok(match self.optimizer {
            OptimizerSpec::Sgd { momentum } => Box::new(sgd(momentum)?.with_weight_decay(decay)?),
            OptimizerSpec::Nesterov { momentum } => {
                let nesterov = sgd(momentum)?.with_nesterov(Nesterov::Yes)?;
                Box::new(nesterov.with_weight_decay(decay)?)
            }
            OptimizerSpec::Adam => {
                Box::new(Adam::new(self.learning_rate)?.with_weight_decay(decay)?)
            }
            OptimizerSpec::AdamW => {
                Box::new(AdamW::new(self.learning_rate)?.with_weight_decay(decay)?)
            }
        })
    }

    /// The rule that μP has for the optimiser.
    pub(super) fn mup_rule(&self) -> MupRule {
        match self.optimizer {
            OptimizerSpec::Sgd { .. } | OptimizerSpec::Nesterov { .. } => MupRule::Sgd,
            OptimizerSpec::Adam | OptimizerSpec::AdamW => MupRule::Adam,
        }
    }

    /// The learning rate of a run of so many steps.
    pub(super) fn rate(&self, steps: u64) -> Result<LearningRate, OptimizerError> {
        let schedule = match self.schedule {
            ScheduleSpec::Constant => Schedule::Constant,
            ScheduleSpec::Step { every, factor } => Schedule::Step { every, factor },
            ScheduleSpec::Cosine { floor } => Schedule::Cosine {
                steps: steps.saturating_sub(self.warmup).max(1),
                floor,
            },
        };
        Ok(LearningRate::new(self.learning_rate, schedule)?.with_warmup(self.warmup))
    }

    /// Values that the optimiser keeps for each parameter value.
    pub(super) fn optimizer_copies(&self) -> usize {
        match self.optimizer {
            OptimizerSpec::Sgd { momentum: 0.0 } => 0,
            OptimizerSpec::Sgd { .. } | OptimizerSpec::Nesterov { .. } => 1,
            OptimizerSpec::Adam | OptimizerSpec::AdamW => 2,
        }
    }

    /// The command that makes this run.
    pub(super) fn command(&self) -> String {
        let mut command = format!(
            "evenkeel train --net {} --depth {} --width {} --activation '{}' --init '{}'",
            self.net, self.depth, self.width, self.activation, self.recipe
        );
        let mut add = |text: String| {
            command.push(' ');
            command.push_str(&text);
        };
        match self.optimizer {
            OptimizerSpec::Sgd { momentum } => {
                add(format!("--optimizer sgd --momentum {momentum}"))
            }
            OptimizerSpec::Nesterov { momentum } => {
                add(format!("--optimizer sgd --momentum {momentum} --nesterov"));
            }
            OptimizerSpec::Adam => add("--optimizer adam".to_owned()),
            OptimizerSpec::AdamW => add("--optimizer adamw".to_owned()),
        }
        add(format!("--lr {}", self.learning_rate));
        if let Some(base) = self.mup_base_width {
            add(format!("--mup {base}"));
        }
        add(format!("--schedule {}", self.schedule));
        if self.warmup > 0 {
            add(format!("--warmup {}", self.warmup));
        }
        add(format!("--weight-decay {}", self.weight_decay));
        if let Some(clip) = self.clip {
            add(format!("--clip {clip}"));
        }
        add(format!("--batch {}", self.batch));
        add(match self.length {
            Length::Epochs(epochs) => format!("--epochs {epochs}"),
            Length::Steps(steps) => format!("--steps {steps}"),
        });
        add(format!("--seed {}", self.seed));
        command
    }
}

fn within(option: &'static str, given: u64, max: u64) -> Result<(), TrainError> {
    if (1..=max).contains(&given) {
        Ok(())
    } else {
        Err(TrainError::OutOfRange { option, given, max })
    }
}

impl fmt::Display for NetKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Mlp => "mlp",
            Self::ResMlp => "resmlp",
            Self::Cnn => "cnn",
            Self::ResCnn => "rescnn",
        })
    }
}

impl fmt::Display for ScheduleSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Constant => f.write_str("constant"),
            Self::Step { every, factor } => write!(f, "step:{every}:{factor}"),
            Self::Cosine { floor: 0.0 } => f.write_str("cosine"),
            Self::Cosine { floor } => write!(f, "cosine:{floor}"),
        }
    }
}

impl FromStr for ScheduleSpec {
    type Err = TrainError;

    /// `constant`, `step:EVERY:FACTOR`, `cosine` or `cosine:FLOOR`.
    fn from_str(text: &str) -> Result<Self, TrainError> {
        let wrong = || TrainError::Schedule {
            given: text.to_owned(),
        };
        let parts: Vec<&str> = text.split(':').collect();
        let number = |text: &str| text.parse::<f64>().map_err(|_| wrong());
        match parts[..] {
            ["constant"] => Ok(Self::Constant),
            ["step", every, factor] => Ok(Self::Step {
                every: every.parse().map_err(|_| wrong())?,
                factor: number(factor)?,
            }),
            ["cosine"] => Ok(Self::Cosine { floor: 0.0 }),
            ["cosine", floor] => Ok(Self::Cosine {
                floor: number(floor)?,
            }),
            _ => Err(wrong()),
        }
    }
}

/// A learning rate that trains the network of a recipe, where the user names none.
///
/// Adaptive optimisers step by the learning rate itself, whatever the gradient: 10⁻³, and less
/// where many layers move together. For gradient descent what a step changes in the output grows
/// with the number of layers that feed it with weight 1: plain networks share a step among their
/// layers, while recipes that begin as the identity do not.
pub fn default_learning_rate(
    net: NetKind,
    depth: usize,
    recipe: &Recipe,
    optimizer: OptimizerSpec,
) -> f64 {
    let depth = depth as f64;
    let momentum = match optimizer {
        OptimizerSpec::Adam | OptimizerSpec::AdamW => return 1e-3f64.min(0.03 / depth),
        OptimizerSpec::Sgd { momentum } | OptimizerSpec::Nesterov { momentum } => momentum,
    };
    let residual = matches!(net, NetKind::ResMlp | NetKind::ResCnn);
    let plain = match recipe {
        Recipe::Fixup if residual => 0.3,
        Recipe::SkipInit | Recipe::ReZero if residual => 0.5f64.min(20.0 / depth),
        _ => 0.5f64.min(2.5 / depth),
    };
    // Momentum makes a step 1/(1 − μ) times as long in the end. Rounded, so that 1 − 0.9 is 0.1.
    (plain * (1.0 - momentum) * 1e9).round() / 1e9
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn schedules_read_back_from_their_text() {
        for text in ["constant", "step:1000:0.1", "cosine", "cosine:0.05"] {
            let schedule: ScheduleSpec = text.parse().unwrap();
            assert_eq!(schedule.to_string(), text);
        }
        for bad in ["", "linear", "step", "step:x:0.1", "cosine:0.1:2"] {
            let error = bad.parse::<ScheduleSpec>().unwrap_err();
            assert!(error.to_string().contains("cosine:FLOOR"), "{error}");
        }
    }
}
