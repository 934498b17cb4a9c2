//! How the learning rate changes over the steps.

use super::{OptimizerError, checked_learning_rate};

/// How the learning rate falls after the warm-up.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Schedule {
    /// It does not.
    #[default]
    Constant,
    /// It is multiplied by `factor` every so many steps.
    Step {
        /// Steps between two falls.
        every: u64,
        /// What is left at each fall.
        factor: f64,
    },
    /// Half a wave of the cosine, from the peak to `floor` times the peak, and flat from there:
    /// `floor + (1 − floor)(1 + cos(π t/steps))/2` of the peak at step t.
    Cosine {
        /// Steps of the half wave, counted from the end of the warm-up.
        steps: u64,
        /// Share of the peak that is left at its end.
        floor: f64,
    },
}

/// A learning rate as a function of the step: a linear warm-up to its peak, then a [`Schedule`].
///
/// # Example
///
/// ```
/// use evenkeel_net::{LearningRate, Schedule};
///
/// let cosine = Schedule::Cosine { steps: 100, floor: 0.0 };
/// let rate = LearningRate::new(0.4, cosine)?.with_warmup(4);
/// assert_eq!([0, 1, 2, 3].map(|step| rate.at(step)), [0.1, 0.2, 0.30000000000000004, 0.4]);
/// assert_eq!(rate.at(4), 0.4);
/// assert!((rate.at(54) - 0.2).abs() < 1e-15);
/// assert_eq!(rate.at(104), 0.0);
/// # Ok::<(), evenkeel_net::OptimizerError>(())
/// ```
///
/// # Source
///
/// I. Loshchilov, F. Hutter (2017), "SGDR: stochastic gradient descent with warm restarts", eq. 5,
/// without restarts. P. Goyal et al. (2017), "Accurate, large minibatch SGD", §2.2, for the
/// gradual warm-up; here it begins at a first fraction and not at 0, which would lose a step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LearningRate {
    peak: f64,
    warmup: u64,
    schedule: Schedule,
}

impl LearningRate {
    /// A learning rate that begins at `peak` and follows `schedule`.
    ///
    /// # Errors
    ///
    /// [`OptimizerError::LearningRate`] when `peak` is negative or not finite;
    /// [`OptimizerError::Schedule`] for a period of 0 steps, a factor that is not within 0 to 1,
    /// or a floor that is not.
    pub fn new(peak: f64, schedule: Schedule) -> Result<Self, OptimizerError> {
        let share = |what, got: f64| {
            let remedy = "give a number from 0 to 1";
            match (0.0..=1.0).contains(&got) {
                true => Ok(()),
                false => Err(OptimizerError::Schedule { what, got, remedy }),
            }
        };
        let period = |what, got: u64| {
            let remedy = "give at least 1";
            match got {
                0 => Err(OptimizerError::Schedule {
                    what,
                    got: 0.0,
                    remedy,
                }),
                _ => Ok(()),
            }
        };
        match schedule {
            Schedule::Constant => {}
            Schedule::Step { every, factor } => {
                period(
                    "the number of steps between two falls of the learning rate",
                    every,
                )?;
                share("the factor of the learning rate at each fall", factor)?;
            }
            Schedule::Cosine { steps, floor } => {
                period("the number of steps of the cosine", steps)?;
                share("the cosine's floor", floor)?;
            }
        }
        Ok(Self {
            peak: checked_learning_rate(peak)?,
            warmup: 0,
            schedule,
        })
    }

    /// With so many steps of warm-up before the schedule begins: step t of them has the share
    /// `(t + 1)/steps` of the peak.
    #[must_use]
    pub fn with_warmup(mut self, steps: u64) -> Self {
        self.warmup = steps;
        self
    }

    /// The learning rate of a step, counted from 0.
    pub fn at(&self, step: u64) -> f64 {
        if step < self.warmup {
            return self.peak * (step + 1) as f64 / self.warmup as f64;
        }
        let step = step - self.warmup;
        match self.schedule {
            Schedule::Constant => self.peak,
            Schedule::Step { every, factor } => {
                self.peak * libm::pow(factor, (step / every) as f64)
            }
            Schedule::Cosine { steps, floor } => {
                let passed = step.min(steps) as f64 / steps as f64;
                let wave = 0.5 * (1.0 + libm::cos(std::f64::consts::PI * passed));
                self.peak * (floor + (1.0 - floor) * wave)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn schedules_that_cannot_be_are_refused() {
        for schedule in [
            Schedule::Step {
                every: 0,
                factor: 0.5,
            },
            Schedule::Step {
                every: 5,
                factor: 1.5,
            },
            Schedule::Cosine {
                steps: 0,
                floor: 0.0,
            },
            Schedule::Cosine {
                steps: 9,
                floor: f64::NAN,
            },
        ] {
            let error = LearningRate::new(0.1, schedule).unwrap_err();
            assert!(matches!(error, OptimizerError::Schedule { .. }), "{error}");
        }
        let error = LearningRate::new(f64::INFINITY, Schedule::Constant).unwrap_err();
        assert!(matches!(error, OptimizerError::LearningRate { .. }));
    }
}
