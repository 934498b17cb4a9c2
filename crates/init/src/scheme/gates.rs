use serde::{Deserialize, Serialize};

use super::Scheme;
use super::family::Family;
use super::moments::Moments;
use super::pattern::{Pattern, Place};
use crate::number::Plain;
use crate::{Geometry, InitError, Layer};

/// Gates of an LSTM.
const LSTM_GATES: usize = 4;

/// The order in which a framework joins an LSTM's gates.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum GateOrder {
    /// Input, forget, cell, output: PyTorch, Keras.
    #[default]
    Ifco,
    /// Input, cell, forget, output: TensorFlow 1's `BasicLSTMCell`, Haiku.
    Icfo,
    /// Input, output, forget, cell: ONNX.
    Iofc,
}

impl GateOrder {
    fn forget(self) -> usize {
        match self {
            Self::Ifco => 1,
            Self::Icfo | Self::Iofc => 2,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct LstmBias {
    forget: f64,
    order: GateOrder,
}

impl LstmBias {
    pub(super) fn parameters(&self) -> Vec<String> {
        vec![
            format!("forget={}", Plain(self.forget)),
            format!("order={:?}", self.order).to_lowercase(),
        ]
    }

    pub(super) fn pattern(
        &self,
        scheme: &Scheme,
        geometry: &Geometry,
    ) -> Result<ForgetBias, InitError> {
        scheme.require_finite("forget", self.forget)?;
        match geometry.layer() {
            Layer::GateBias {
                gates: LSTM_GATES, ..
            } => Ok(ForgetBias {
                value: self.forget,
                gate: self.order.forget(),
            }),
            _ => Err(scheme.unsuited("the bias of a cell with 4 gates", geometry)),
        }
    }
}

/// `value` for the forget gate, 0 for the others.
#[derive(Debug)]
pub(super) struct ForgetBias {
    value: f64,
    gate: usize,
}

impl Pattern for ForgetBias {
    fn value(&self, place: Place) -> f64 {
        // Experts count before gates.
        if place.batch % LSTM_GATES == self.gate {
            self.value
        } else {
            0.0
        }
    }

    fn largest(&self) -> f64 {
        self.value.abs()
    }

    fn moments(&self) -> Moments {
        let share = 1.0 / LSTM_GATES as f64;
        Moments::raw(self.value * share, self.value * self.value * share)
    }
}

impl Scheme {
    /// An LSTM's bias: `forget` for the forget gate, 0 for the others.
    ///
    /// With 1 the gate starts open at σ(1) = 0.73 and the cell remembers; with 0 it halves what it
    /// holds at each step.
    ///
    /// # Shapes
    /// [`Geometry::gate_bias`] with 4 gates. PyTorch adds two biases, `bias_ih` and `bias_hh`: give
    /// one of them zeros.
    ///
    /// # Errors
    /// On preparing: a value that is not finite; any other tensor.
    ///
    /// # Source
    /// Gers, Schmidhuber and Cummins, *Learning to forget*, 2000; Jozefowicz, Zaremba and Sutskever,
    /// *An empirical exploration of recurrent network architectures*, ICML 2015, section 5.
    pub fn lstm_bias(forget: f64, order: GateOrder) -> Self {
        Self::new("lstm_bias", Family::LstmBias(LstmBias { forget, order }))
    }
}
