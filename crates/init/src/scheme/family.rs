use super::Scheme;
use super::bilinear::Bilinear;
use super::depth_scaled::DepthScaled;
use super::elementwise::Elementwise;
use super::gates::LstmBias;
use super::identity::Identity;
use super::mup::Mup;
use super::orthogonal::Orthogonal;
use super::pattern::Pattern;
use super::prepared::Source;
use super::sparse::Sparse;
use super::variance_scaling::VarianceScaling;
use super::zero::Zero;
use crate::{Block, Distribution, Geometry, InitError, Stream};

/// What tells one family of schemes from another.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Family {
    /// One value that the name says.
    Fixed(f64),
    Elementwise(Elementwise),
    VarianceScaling(VarianceScaling),
    DepthScaled(DepthScaled),
    Mup(Mup),
    Orthogonal(Orthogonal),
    Identity(Identity),
    Zero(Zero),
    Bilinear,
    LstmBias(LstmBias),
    Sparse(Sparse),
}

impl Family {
    /// The parameters, each as `name=value`.
    pub(super) fn parameters(&self) -> Vec<String> {
        match self {
            Self::Fixed(_) | Self::Bilinear => vec![],
            Self::Elementwise(values) => values.parameters(),
            Self::VarianceScaling(scaling) => scaling.parameters(),
            Self::DepthScaled(scaled) => scaled.parameters(),
            Self::Mup(mup) => mup.parameters(),
            Self::Orthogonal(orthogonal) => orthogonal.parameters(),
            Self::Identity(identity) => identity.parameters(),
            Self::Zero(zero) => zero.parameters(),
            Self::LstmBias(bias) => bias.parameters(),
            Self::Sparse(sparse) => sparse.parameters(),
        }
    }

    /// What fills this geometry's tensor.
    pub(super) fn source(
        &self,
        scheme: &Scheme,
        geometry: &Geometry,
        stream: &Stream,
    ) -> Result<Source, InitError> {
        match self {
            Self::Fixed(value) => alike(scheme, geometry, Elementwise::Constant { value: *value }),
            Self::Elementwise(values) => alike(scheme, geometry, *values),
            Self::VarianceScaling(scaling) => {
                scaling.check(scheme)?;
                by_block(scheme, geometry, |block| scaling.values(block))
            }
            Self::DepthScaled(scaled) => {
                let values = scaled.values(scheme)?;
                alike(scheme, geometry, values)
            }
            Self::Mup(mup) => {
                mup.check(scheme)?;
                by_block(scheme, geometry, |block| mup.values(block))
            }
            Self::Orthogonal(orthogonal) => {
                let matrices = orthogonal.matrices(scheme, geometry, stream)?;
                Ok(Source::Matrices(Box::new(matrices)))
            }
            Self::Identity(identity) => pattern(identity.pattern(scheme, geometry)?),
            Self::Zero(zero) => Ok(Source::Pattern(zero.pattern(scheme, geometry)?)),
            Self::Bilinear => pattern(Bilinear::new(scheme, geometry)?),
            Self::LstmBias(bias) => pattern(bias.pattern(scheme, geometry)?),
            Self::Sparse(sparse) => {
                let masked = sparse.masked(scheme, geometry, stream)?;
                Ok(Source::Masked(Box::new(masked)))
            }
        }
    }
}

fn pattern(pattern: impl Pattern + 'static) -> Result<Source, InitError> {
    Ok(Source::Pattern(Box::new(pattern)))
}

/// Every element drawn alike.
fn alike(scheme: &Scheme, geometry: &Geometry, values: Elementwise) -> Result<Source, InitError> {
    scheme
        .distribution(geometry, values)
        .map(Source::Distribution)
}

/// Each part's elements drawn by the scale of its own blocks.
fn by_block(
    scheme: &Scheme,
    geometry: &Geometry,
    values: impl Fn(&Block) -> Elementwise,
) -> Result<Source, InitError> {
    if !geometry.has_fans() {
        let (scheme, geometry) = (scheme.to_string(), geometry.to_string());
        return Err(InitError::NoFans { scheme, geometry });
    }
    let blocks = geometry.blocks().iter();
    let distributions: Vec<_> = blocks
        .map(|block| scheme.distribution(geometry, values(block)))
        .collect::<Result<_, _>>()?;
    let first = distributions[0];
    let all_alike = distributions
        .iter()
        .all(|distribution| *distribution == first);
    Ok(if all_alike {
        Source::Distribution(first)
    } else {
        Source::Parts(distributions)
    })
}

impl Scheme {
    /// The distribution of these values, or an error that says for which scheme and layer.
    pub(super) fn distribution(
        &self,
        geometry: &Geometry,
        values: Elementwise,
    ) -> Result<Distribution, InitError> {
        values
            .distribution()
            .map_err(|source| InitError::Distribution {
                scheme: self.to_string(),
                geometry: geometry.to_string(),
                source,
            })
    }

    /// Refuses a parameter that is NaN or infinite.
    pub(super) fn require_finite(
        &self,
        parameter: &'static str,
        value: f64,
    ) -> Result<(), InitError> {
        self.require(value.is_finite(), parameter, value, "a finite number")
    }

    /// Refuses a parameter outside 0 to 1.
    pub(super) fn require_share(
        &self,
        parameter: &'static str,
        value: f64,
    ) -> Result<(), InitError> {
        self.require(
            (0.0..=1.0).contains(&value),
            parameter,
            value,
            "between 0 and 1",
        )
    }

    fn require(
        &self,
        holds: bool,
        parameter: &'static str,
        value: f64,
        expected: &'static str,
    ) -> Result<(), InitError> {
        if holds {
            return Ok(());
        }
        Err(InitError::Parameter {
            scheme: self.to_string(),
            parameter,
            value,
            expected,
        })
    }

    /// Refuses a parameter that is negative, NaN or infinite.
    pub(super) fn require_non_negative(
        &self,
        parameter: &'static str,
        value: f64,
    ) -> Result<(), InitError> {
        let holds = value.is_finite() && value >= 0.0;
        self.require(holds, parameter, value, "a finite number, 0 or more")
    }

    /// Refuses a parameter that is not positive and finite.
    pub(super) fn require_positive(
        &self,
        parameter: &'static str,
        value: f64,
    ) -> Result<(), InitError> {
        let holds = value.is_finite() && value > 0.0;
        self.require(holds, parameter, value, "a finite number above 0")
    }

    pub(super) fn unsuited(&self, needs: &'static str, geometry: &Geometry) -> InitError {
        let (scheme, geometry) = (self.to_string(), geometry.to_string());
        InitError::Unsuited {
            scheme,
            needs,
            geometry,
        }
    }
}
