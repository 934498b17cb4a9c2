//! A network whose Jacobian is taken: its activation, its weights, its place on the edge of chaos.

use evenkeel_init::{Fan, Geometry, Scheme, Shape};
use evenkeel_theory::{Activation, JacobianMoments, MeanField, WeightLaw, critical_point};
use nalgebra::{DMatrix, DVector};

use super::product_law;
use crate::error::LabError;
use crate::results::{Distribution, Number};
use crate::study::Bench;

/// Variance of the biases: small, so that the edge of chaos lies where tanh is nearly linear (q* =
/// 0.012), as dynamical isometry asks for.
const SIGMA_B2: f64 = 2e-6;

/// How the weights are drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Weights {
    Gaussian,
    Orthogonal,
}

impl Weights {
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Gaussian => "Gaussian",
            Self::Orthogonal => "orthogonal",
        }
    }

    fn law(self) -> WeightLaw {
        match self {
            Self::Gaussian => WeightLaw::Gaussian,
            Self::Orthogonal => WeightLaw::Orthogonal,
        }
    }

    /// n · Var W = σ_w² for both.
    fn scheme(self, sigma_w2: f64) -> Scheme {
        match self {
            Self::Gaussian => Scheme::variance_scaling(sigma_w2, Fan::In, Shape::Normal),
            Self::Orthogonal => Scheme::orthogonal(sigma_w2.sqrt()),
        }
    }
}

/// A network at its critical point.
pub(super) struct Case {
    pub(super) weights: Weights,
    mean_field: MeanField,
    /// The fixed point of its pre-activations' variance.
    q: f64,
}

impl Case {
    /// Linear, and tanh unless another activation is asked for; each Gaussian, then orthogonal.
    pub(super) fn all(activation: Option<&Activation>) -> Result<Vec<Self>, LabError> {
        let bent = activation.cloned().unwrap_or_else(Activation::tanh);
        let mut cases = Vec::new();
        for activation in [Activation::identity(), bent] {
            for weights in [Weights::Gaussian, Weights::Orthogonal] {
                cases.push(Self::new(&activation, weights)?);
            }
        }
        Ok(cases)
    }

    fn new(activation: &Activation, weights: Weights) -> Result<Self, LabError> {
        // Where there is no edge at this bias there is one without (the homogeneous activations).
        let edge =
            critical_point(activation, SIGMA_B2).or_else(|_| critical_point(activation, 0.0))?;
        // An edge at q* = 0 is the linear network again: it is held at the variance 1.
        let q = if edge.q_star > 0.0 { edge.q_star } else { 1.0 };
        Ok(Self {
            weights,
            mean_field: MeanField::new(activation, edge.sigma_w2, edge.sigma_b2.max(0.0))?,
            q,
        })
    }

    pub(super) fn activation_name(&self) -> String {
        let activation = self.mean_field.activation();
        if *activation == Activation::identity() {
            "linear".to_owned()
        } else {
            activation.to_string()
        }
    }

    pub(super) fn name(&self) -> String {
        format!("{}, {}", self.activation_name(), self.weights.word())
    }

    /// What theory says of the squared singular values.
    pub(super) fn law(&self, depth: usize) -> Result<JacobianMoments, LabError> {
        let law = self
            .mean_field
            .jacobian_moments(self.q, depth, self.weights.law())?;
        Ok(law)
    }

    /// The singular value that a share of all exceed, where a closed law says so: linear networks.
    pub(super) fn quantile(&self, depth: usize, share: f64) -> Option<f64> {
        if *self.mean_field.activation() != Activation::identity() {
            return None;
        }
        Some(match self.weights {
            Weights::Gaussian => product_law::quantile(depth, share),
            Weights::Orthogonal => 1.0,
        })
    }

    /// The share of singular values that the closed law puts into each bin; none where there is none.
    pub(super) fn shares(&self, depth: usize, bins: &Distribution) -> Vec<Number> {
        if *self.mean_field.activation() != Activation::identity() {
            return Vec::new();
        }
        let above = |edge: f64| match self.weights {
            Weights::Gaussian => product_law::share_above(depth, edge),
            // Each is 1; rounding may put it on either side, and the bins have no edge there.
            Weights::Orthogonal if edge < 1.0 => 1.0,
            Weights::Orthogonal => 0.0,
        };
        (0..bins.counts.len())
            .map(|bin| (above(bins.edge(bin)) - above(bins.edge(bin + 1))).into())
            .collect()
    }

    /// Singular values of ∂h_l/∂h_0 for each of `depths`, from the largest, for one seed.
    ///
    /// `J ← W diag(φ′(h)) J` and `h ← W φ(h) + b`, in f64: the smallest singular values of a product
    /// fall by a factor a layer.
    pub(super) fn pass(
        &self,
        bench: &Bench<'_>,
        trial: usize,
        width: usize,
        depths: &[usize],
    ) -> Result<Vec<Vec<f64>>, LabError> {
        let seed = bench.seed();
        let prefix = format!("jacobian/{}/{trial}", self.name());
        let activation = self.mean_field.activation();
        let vector = Geometry::linear(width, 1)?;
        let square = Geometry::linear(width, width)?;
        let normal = |std: f64, name: &str| {
            let values =
                Scheme::normal(0.0, std).tensor::<f64>(&vector, seed, &format!("{prefix}/{name}"));
            values.map(DVector::from_vec)
        };
        let scheme = self.weights.scheme(self.mean_field.sigma_w2());

        let mut h = normal(1.0, "input")?;
        h *= (self.q * width as f64).sqrt() / h.norm();
        let mut jacobian = DMatrix::<f64>::identity(width, width);
        let mut spectra = Vec::with_capacity(depths.len());
        for layer in 0..depths.last().copied().unwrap_or(0) {
            let weight =
                scheme.tensor::<f64>(&square, seed, &format!("{prefix}/{layer}.weight"))?;
            let weight = DMatrix::from_row_slice(width, width, &weight);
            for (mut row, &h) in jacobian.row_iter_mut().zip(h.iter()) {
                row *= activation.derivative(h);
            }
            jacobian = &weight * jacobian;
            let bias = normal(self.mean_field.sigma_b2().sqrt(), &format!("{layer}.bias"))?;
            h = &weight * h.map(|h| activation.value(h)) + bias;
            if depths.contains(&(layer + 1)) {
                spectra.push(jacobian.singular_values().iter().copied().collect());
            }
        }
        Ok(spectra)
    }
}
