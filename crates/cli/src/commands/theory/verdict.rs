//! What the numbers mean, in words.

use std::f64::consts::LN_10;

use evenkeel_theory::{Analysis, CriticalApproach, CriticalPoint, Phase};

use super::{Network, Settles};
use crate::terminal::number::{every, layers, significant};

/// Plain networks train to about this many ξ_c (Schoenholz and others, 2017).
pub(super) const TRAINABLE: f64 = 6.0;
/// A deviation of 1% is the smallest that a profile shows; it is of order one after ln 100 of its
/// depth scales.
const LN_100: f64 = 2.0 * LN_10;
/// |χ_q| beyond this is unstable: closer to one it shows in no network of fewer than a million layers.
const UNSTABLE: f64 = 1.0 + 1e-6;
/// How far a variance that grows without end is followed.
const FOLLOWED: usize = 10_000;

pub(super) fn verdict(network: &Network) -> anyhow::Result<String> {
    let said = match &network.settles {
        Settles::Never => divergent(network)?,
        Settles::At(analysis) => {
            let mut said = match analysis.phase {
                Phase::Critical => critical(network, analysis)?,
                Phase::Ordered => ordered(analysis),
                _ => chaotic(network, analysis),
            };
            said.push_str(&stability(analysis));
            said
        }
    };
    Ok(said + &advice(network))
}

fn divergent(network: &Network) -> anyhow::Result<String> {
    let profile = network.theory.variance_profile(1.0, FOLLOWED)?;
    let largest = f64::from(f32::MAX) * f64::from(f32::MAX);
    let end = match profile.iter().position(|&q| q > largest) {
        Some(layer) => format!("passes the largest f32 after {}", layers(layer as f64)),
        None => {
            let rms = profile.last().copied().unwrap_or(f64::NAN).sqrt();
            format!(
                "is {} after {}",
                significant(rms, 3),
                layers(FOLLOWED as f64)
            )
        }
    };
    Ok(format!(
        "Divergent: the variance grows from layer to layer without end. From 1 the root mean square {end}."
    ))
}

fn ordered(analysis: &Analysis) -> String {
    let tenfold = every(LN_10 * analysis.xi_grad);
    if analysis.q_star == 0.0 {
        return format!(
            "Ordered (χ₁ = {} < 1): the signal dies out, and its gradient with it: tenfold smaller \
             {tenfold}.",
            significant(analysis.chi_1, 5)
        );
    }
    format!(
        "Ordered (χ₁ = {} < 1): different inputs become alike, and gradients vanish, tenfold \
         {tenfold}. {}",
        significant(analysis.chi_1, 5),
        trainable(analysis)
    )
}

fn chaotic(network: &Network, analysis: &Analysis) -> String {
    let why = if network.activation.jumps().is_empty() {
        format!("χ₁ = {} > 1", significant(analysis.chi_1, 5))
    } else {
        "the activation jumps".to_owned()
    };
    let gradients = if analysis.xi_grad < 0.0 {
        format!(
            "gradients explode, tenfold {}",
            every(-LN_10 * analysis.xi_grad)
        )
    } else {
        format!(
            "gradients, which do not see the jumps, vanish, tenfold {}",
            every(LN_10 * analysis.xi_grad)
        )
    };
    format!(
        "Chaotic ({why}): inputs that are close part, until their correlation is {}, and {gradients}. {}",
        significant(rounded(analysis.c_star), 4),
        trainable(analysis)
    )
}

/// How deep a plain network can go.
fn trainable(analysis: &Analysis) -> String {
    format!(
        "The correlation of two inputs forgets where it began by a factor e every {} layers (ξ_c): a \
         plain network trains to about {} (6 ξ_c).",
        significant(analysis.xi_c, 4),
        layers((TRAINABLE * analysis.xi_c).floor())
    )
}

fn critical(network: &Network, analysis: &Analysis) -> anyhow::Result<String> {
    let point = CriticalPoint {
        sigma_w2: analysis.sigma_w2,
        sigma_b2: analysis.sigma_b2,
        q_star: analysis.q_star,
        chi_q: analysis.chi_q,
    };
    let approach = match point.approach(&network.activation) {
        Ok(CriticalApproach::InverseDepth { coefficient }) => format!(
            "two inputs become alike only slowly, 1 − c = {}/l after l layers",
            significant(coefficient, 4)
        ),
        Ok(CriticalApproach::InverseSquaredDepth { coefficient }) => format!(
            "two inputs become alike only slowly, 1 − c = {}/l² after l layers",
            significant(coefficient, 4)
        ),
        Ok(CriticalApproach::Constant) => "the correlation of two inputs stays as it is".to_owned(),
        Err(_) => "inputs that are close neither part nor meet".to_owned(),
    };
    let from_one = match analysis.q_star {
        0.0 if network.theory.variance_map(1.0)? < 1.0 => {
            " But q* is 0: the variance still falls towards it, as a power of the depth."
        }
        0.0 => " But it is the limit q* → 0, of the faintest signals: from 1 the variance grows.",
        _ => "",
    };
    Ok(format!(
        "Critical, the edge of chaos (χ₁ = 1): gradients keep their size, and {approach}. No depth scale \
         ends this; what does is the width: at about as many layers as a layer has units, chance \
         takes over (see --depth and --width).{from_one}"
    ))
}

fn stability(analysis: &Analysis) -> String {
    let rate = analysis.chi_q.abs();
    if rate <= UNSTABLE {
        return String::new();
    }
    format!(
        " The variance q* = {} is unstable (χ_q = {} > 1): a deviation of 1% is of order one within \
         about {}, and then it drifts to 0 or ∞; use a normalisation or residual branches.",
        significant(analysis.q_star, 4),
        significant(analysis.chi_q, 5),
        layers(LN_100 * -analysis.xi_q)
    )
}

/// Where the edge of chaos is, for who is not on it.
fn advice(network: &Network) -> String {
    let (edge, phase) = (&network.edge, network.phase());
    if phase == Phase::Critical {
        return String::new();
    }
    match edge {
        Ok(edge) if edge.q_star == 0.0 => format!(
            " The edge of chaos at this σ_b² is at σ_w² = {} in the limit q* → 0; with a larger σ_b² it \
             has a signal.",
            significant(edge.sigma_w2, 6)
        ),
        Ok(edge) if edge.chi_q.abs() > UNSTABLE => format!(
            " The edge of chaos at this σ_b², σ_w² = {}, has a variance that is unstable.",
            significant(edge.sigma_w2, 6)
        ),
        Ok(edge) => format!(
            " The edge of chaos at this σ_b² is σ_w² = {} (--critical).",
            significant(edge.sigma_w2, 6)
        ),
        Err(_) if phase == Phase::Divergent => " Use a smaller σ_w².".to_owned(),
        Err(_) => " There is no edge of chaos at this σ_b².".to_owned(),
    }
}

/// A correlation below the rounding of its map is none.
pub(super) fn rounded(correlation: f64) -> f64 {
    if correlation.abs() < 1e-12 {
        0.0
    } else {
        correlation
    }
}
