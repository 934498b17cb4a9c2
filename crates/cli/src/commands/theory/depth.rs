//! What is left of a signal layer by layer, and how far real networks stray from that.

use evenkeel_lab::results::Number;
use evenkeel_theory::{
    Exactness, FiniteWidth, FiniteWidthError, LogBand, Site, dead_layer_probability,
    dead_network_probability, zero_probability,
};
use serde_json::{Value, json};

use super::{Network, Settles};

/// How many networks of a hundred a band holds.
const CONFIDENCE: f64 = 0.95;

/// The layers of a network.
pub(super) struct Depths {
    pub(super) rows: Vec<Row>,
    pub(super) width: Option<Width>,
}

/// One layer, counted from 1.
pub(super) struct Row {
    pub(super) layer: usize,
    /// The preactivations' variance.
    pub(super) variance: f64,
    /// The correlation of two inputs that are uncorrelated in the first layer.
    pub(super) correlation: Option<f64>,
    /// The gradient's root mean square, relative to the last layer's.
    pub(super) gradient: f64,
}

/// What a finite width adds.
pub(super) struct Width {
    pub(super) units: usize,
    pub(super) bands: Result<Bands, FiniteWidthError>,
    /// The chance that one unit is zero.
    pub(super) zero_probability: f64,
    pub(super) dead_layer: f64,
    pub(super) dead_network: f64,
}

/// Bands about the predictions, layer by layer.
pub(super) struct Bands {
    pub(super) forward: Vec<LogBand>,
    pub(super) backward: Vec<LogBand>,
}

impl Depths {
    pub(super) fn of(
        network: &Network,
        depth: usize,
        units: Option<usize>,
    ) -> anyhow::Result<Self> {
        let variances = variances(network, depth)?;
        let gradients = gradients(network, &variances)?;
        let correlations = match &network.settles {
            Settles::At(analysis) if analysis.q_star > 0.0 => {
                let map = network.theory.correlation_map(analysis.q_star)?;
                map.profile(0.0, depth - 1)?.into_iter().map(Some).collect()
            }
            _ => vec![None; depth],
        };
        let rows = variances
            .iter()
            .zip(gradients)
            .zip(correlations)
            .enumerate()
            .map(|(index, ((&variance, gradient), correlation))| Row {
                layer: index + 1,
                variance,
                correlation,
                gradient,
            })
            .collect();
        Ok(Self {
            rows,
            width: units.map(|units| Width::of(network, depth, units)),
        })
    }

    pub(super) fn has_correlation(&self) -> bool {
        self.rows.iter().any(|row| row.correlation.is_some())
    }

    /// A few layers that show the whole.
    pub(super) fn shown(&self) -> Vec<usize> {
        let last = self.rows.len() - 1;
        let mut shown: Vec<usize> = (0..=4).map(|quarter| last * quarter / 4).collect();
        shown.dedup();
        shown
    }

    /// Adds what is said of the layers to a report.
    pub(super) fn add_to(&self, report: &mut Value) {
        let width = self.width.as_ref();
        let bands = width.and_then(|width| width.bands.as_ref().ok());
        report["depth"] = json!(self.rows.len());
        report["layers"] = (0..self.rows.len())
            .map(|index| self.layer_json(index, bands))
            .collect();
        if let Some(width) = width {
            report["width"] = json!(width.units);
            report["confidence"] = json!(CONFIDENCE);
            report["bands"] = json!(bands.map(Bands::word));
            report["dead_layer_probability"] = json!(Number(width.dead_layer));
            report["dead_network_probability"] = json!(Number(width.dead_network));
        }
    }

    fn layer_json(&self, index: usize, bands: Option<&Bands>) -> Value {
        let row = &self.rows[index];
        let mut layer = json!({
            "layer": row.layer,
            "q": Number(row.variance),
            "correlation": row.correlation.map(Number),
            "gradient": Number(row.gradient),
        });
        if let Some(bands) = bands {
            layer["rms_band"] = factors(&bands.forward[index]);
            layer["gradient_band"] = factors(&bands.backward[index]);
        }
        layer
    }
}

/// Lower end, middle and upper end, as factors on the predicted root mean square.
fn factors(band: &LogBand) -> Value {
    json!(band.factors().map(Number))
}

impl Width {
    fn of(network: &Network, depth: usize, units: usize) -> Self {
        let (start, widths) = (network.start(), vec![units; depth]);
        let bands = FiniteWidth::new(&network.theory, start, &widths).and_then(|fluctuations| {
            Ok(Bands {
                forward: fluctuations.forward_bands(Site::PreActivation, CONFIDENCE)?,
                backward: fluctuations.backward_bands(Site::PreActivation, CONFIDENCE)?,
            })
        });
        Self {
            units,
            bands,
            zero_probability: zero_probability(&network.activation, start),
            dead_layer: dead_layer_probability(&network.activation, units, start),
            dead_network: dead_network_probability(&network.activation, &widths, start),
        }
    }
}

impl Bands {
    /// Whether the law behind the bands is exact.
    pub(super) fn word(&self) -> &'static str {
        let exact = |band: &LogBand| band.exactness == Exactness::Exact;
        if self.forward.iter().chain(&self.backward).all(exact) {
            "exact"
        } else {
            "estimated"
        }
    }
}

/// The variances of `depth` layers.
fn variances(network: &Network, depth: usize) -> anyhow::Result<Vec<f64>> {
    let start = network.start();
    if network.starts_at_rest() {
        // Followed by the map, an unstable fixed point would only amplify rounding.
        return Ok(vec![start; depth]);
    }
    Ok(network.theory.variance_profile(start, depth - 1)?)
}

/// The gradient's root mean square at each layer relative to the last: √Π χ₁(q) over the layers from
/// this one to the last but one.
fn gradients(network: &Network, variances: &[f64]) -> anyhow::Result<Vec<f64>> {
    let mut gradients = vec![1.0; variances.len()];
    let mut product = 1.0;
    let mut before: Option<(f64, f64)> = None;
    for index in (0..variances.len().saturating_sub(1)).rev() {
        let q = variances[index];
        let chi_1 = match before {
            Some((same, chi_1)) if same == q => chi_1,
            _ if q.is_finite() => network.theory.chi_1(q)?,
            _ => f64::NAN,
        };
        before = Some((q, chi_1));
        product *= chi_1.sqrt();
        gradients[index] = product;
    }
    Ok(gradients)
}
