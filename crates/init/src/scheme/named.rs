//! Schemes by name, for command lines and files.

use evenkeel_theory::Activation;

use super::activation::gain;
use super::{BoundsUnit, DepthScale, Parameters, Scheme, StdOf};
use crate::{Bounds, Convention, Fan, InitError};

/// A name, the parameters that go with it, and what they make.
struct Entry {
    name: &'static str,
    alias: Option<&'static str>,
    takes: &'static [&'static str],
    build: fn(&Given<'_>) -> Result<Scheme, InitError>,
}

const fn entry(
    name: &'static str,
    takes: &'static [&'static str],
    build: fn(&Given<'_>) -> Result<Scheme, InitError>,
) -> Entry {
    Entry {
        name,
        alias: None,
        takes,
        build,
    }
}

const fn alias(entry: Entry, alias: &'static str) -> Entry {
    Entry {
        alias: Some(alias),
        ..entry
    }
}

/// Every scheme. `he_normal` and `glorot_normal` are not among the aliases: Keras and JAX truncate
/// under these names, others do not.
const ENTRIES: &[Entry] = &[
    entry("zeros", &[], |_| Ok(Scheme::zeros())),
    entry("ones", &[], |_| Ok(Scheme::ones())),
    entry("constant", &["value"], |g| {
        Ok(Scheme::constant(g.needs("value", g.p.value)?))
    }),
    entry("uniform", &["low", "high"], |g| {
        Ok(Scheme::uniform(
            g.needs("low", g.p.low)?,
            g.needs("high", g.p.high)?,
        ))
    }),
    entry("normal", &["mean", "std"], |g| {
        Ok(Scheme::normal(
            g.p.mean.unwrap_or(0.0),
            g.needs("std", g.p.std)?,
        ))
    }),
    entry(
        "truncated_normal",
        &["mean", "std", "low", "high", "unit", "convention"],
        truncated,
    ),
    entry("variance_scaling", &["scale", "fan", "shape"], |g| {
        let (scale, shape) = (g.p.scale.unwrap_or(1.0), g.p.shape.unwrap_or_default());
        Ok(Scheme::variance_scaling(scale, g.fan(), shape))
    }),
    entry("xavier_normal", &["gain", "activation"], |g| {
        Ok(Scheme::xavier_normal(g.gain(Fan::Average, 1.0)?))
    }),
    alias(
        entry("xavier_uniform", &["gain", "activation"], |g| {
            Ok(Scheme::xavier_uniform(g.gain(Fan::Average, 1.0)?))
        }),
        "glorot_uniform",
    ),
    entry("xavier_truncated_normal", &["gain", "activation"], |g| {
        Ok(Scheme::xavier_truncated_normal(g.gain(Fan::Average, 1.0)?))
    }),
    entry("kaiming_normal", &["gain", "activation", "fan"], |g| {
        Ok(Scheme::kaiming_normal(g.kaiming_gain()?, g.fan()))
    }),
    alias(
        entry("kaiming_uniform", &["gain", "activation", "fan"], |g| {
            Ok(Scheme::kaiming_uniform(g.kaiming_gain()?, g.fan()))
        }),
        "he_uniform",
    ),
    entry(
        "kaiming_truncated_normal",
        &["gain", "activation", "fan"],
        |g| Ok(Scheme::kaiming_truncated_normal(g.kaiming_gain()?, g.fan())),
    ),
    entry("lecun_normal", &[], |_| Ok(Scheme::lecun_normal())),
    entry("lecun_uniform", &[], |_| Ok(Scheme::lecun_uniform())),
    entry("lecun_truncated_normal", &[], |_| {
        Ok(Scheme::lecun_truncated_normal())
    }),
    entry("pytorch_default_weight", &[], |_| {
        Ok(Scheme::pytorch_linear_default_weight())
    }),
    entry("pytorch_default_bias", &["fan_in"], |g| {
        Ok(Scheme::pytorch_linear_default_bias(
            g.needs("fan_in", g.p.fan_in)?,
        ))
    }),
    entry("orthogonal", &["gain", "activation"], |g| {
        Ok(Scheme::orthogonal(g.gain(Fan::In, 1.0)?))
    }),
    entry("delta_orthogonal", &["gain", "activation"], |g| {
        Ok(Scheme::delta_orthogonal(g.gain(Fan::In, 1.0)?))
    }),
    alias(
        entry("identity", &["gain"], |g| {
            Ok(Scheme::identity(g.p.gain.unwrap_or(1.0)))
        }),
        "eye",
    ),
    entry("dirac", &["gain"], |g| {
        Ok(Scheme::dirac(g.p.gain.unwrap_or(1.0)))
    }),
    entry("zero_init", &["gain"], |g| {
        Ok(Scheme::zero_init(g.p.gain.unwrap_or(1.0)))
    }),
    entry("bilinear", &[], |_| Ok(Scheme::bilinear())),
    entry("sparse", &["sparsity", "std", "connections"], |g| {
        let sparsity = g.needs("sparsity", g.p.sparsity)?;
        let connections = g.p.connections.unwrap_or_default();
        // The std of PyTorch's sparse_.
        Ok(Scheme::sparse(
            sparsity,
            g.p.std.unwrap_or(0.01),
            connections,
        ))
    }),
    entry("lstm_bias", &["forget", "order"], |g| {
        Ok(Scheme::lstm_bias(
            g.p.forget.unwrap_or(1.0),
            g.p.order.unwrap_or_default(),
        ))
    }),
    entry("gpt2_residual", &["std", "layers"], |g| {
        Ok(Scheme::gpt2_residual(
            g.p.std.unwrap_or(0.02),
            g.needs("layers", g.p.layers)?,
        ))
    }),
    entry(
        "depth_scaled_truncated_normal",
        &["std", "layers", "layer"],
        |g| {
            let depth = match (g.p.layers, g.p.layer) {
                (Some(_), Some(_)) => return Err(g.wrong("takes not both layers and", "layer")),
                (None, Some(layer)) => DepthScale::Index { layer },
                (layers, None) => DepthScale::Total {
                    layers: g.needs("layers", layers)?,
                },
            };
            Ok(Scheme::depth_scaled_truncated_normal(
                g.p.std.unwrap_or(0.02),
                depth,
            ))
        },
    ),
    entry("mup_hidden", &["std", "base_fan_in"], |g| {
        let base = g.needs("base_fan_in", g.p.base_fan_in)?;
        Ok(Scheme::mup_hidden(g.needs("std", g.p.std)?, base))
    }),
    entry("mup_output", &["std", "base_fan_in"], |g| {
        let base = g.needs("base_fan_in", g.p.base_fan_in)?;
        Ok(Scheme::mup_output(g.needs("std", g.p.std)?, base))
    }),
    entry("mup_embedding", &["std"], |g| {
        Ok(Scheme::mup_embedding(g.needs("std", g.p.std)?))
    }),
];

/// The parameters given to an entry.
struct Given<'a> {
    entry: &'a Entry,
    p: &'a Parameters,
}

impl Given<'_> {
    fn wrong(&self, problem: &'static str, parameter: &'static str) -> InitError {
        let takes = match self.entry.takes {
            [] => "no parameters".into(),
            takes => takes.join(", "),
        };
        InitError::SchemeParameter {
            scheme: self.entry.name,
            problem,
            parameter,
            takes,
        }
    }

    fn needs<T>(&self, parameter: &'static str, value: Option<T>) -> Result<T, InitError> {
        value.ok_or_else(|| self.wrong("needs", parameter))
    }

    fn fan(&self) -> Fan {
        self.p.fan.unwrap_or_default()
    }

    /// The gain that was given, or that of the activation that was.
    fn gain(&self, fan: Fan, otherwise: f64) -> Result<f64, InitError> {
        match (self.p.gain, &self.p.activation) {
            (Some(_), Some(_)) => Err(self.wrong("takes not both gain and", "activation")),
            (Some(gain), None) => Ok(gain),
            (None, Some(text)) => gain(&Activation::parse(text)?, fan),
            (None, None) => Ok(otherwise),
        }
    }

    /// ReLU's gain where none is given, as He et al. have it.
    fn kaiming_gain(&self) -> Result<f64, InitError> {
        self.gain(self.fan(), std::f64::consts::SQRT_2)
    }
}

fn truncated(g: &Given<'_>) -> Result<Scheme, InitError> {
    let unit = g.p.unit.unwrap_or_default();
    let (low, high) = match (g.p.low, g.p.high, unit) {
        (Some(low), Some(high), _) => (low, high),
        (None, None, BoundsUnit::Sigmas) => (-2.0, 2.0),
        (None, ..) => return Err(g.wrong("needs", "low")),
        (_, None, _) => return Err(g.wrong("needs", "high")),
    };
    let bounds = match unit {
        BoundsUnit::Sigmas => Bounds::Sigmas { low, high },
        BoundsUnit::Absolute => Bounds::Absolute { low, high },
    };
    let convention = match g.p.convention.unwrap_or_default() {
        StdOf::Resulting => Convention::Resulting,
        StdOf::Parent => Convention::Parent,
    };
    let std = g.needs("std", g.p.std)?;
    Ok(Scheme::truncated_normal(
        g.p.mean.unwrap_or(0.0),
        std,
        bounds,
        convention,
    ))
}

impl Scheme {
    /// The scheme of this name, with these parameters.
    ///
    /// # Errors
    /// [`InitError::UnknownScheme`], [`InitError::SchemeParameter`] for a parameter that the scheme
    /// does not take, or one that it needs and lacks; for an activation, what its parsing and its
    /// gain may refuse.
    ///
    /// # Example
    /// ```
    /// use evenkeel_init::{Parameters, Scheme};
    /// let tanh = Parameters { activation: Some("tanh".into()), ..Parameters::default() };
    /// let scheme = Scheme::named("kaiming_normal", &tanh)?;
    /// assert!(scheme.to_string().starts_with("kaiming_normal(gain=1.59"));
    /// # Ok::<(), evenkeel_init::InitError>(())
    /// ```
    pub fn named(name: &str, parameters: &Parameters) -> Result<Self, InitError> {
        let matches = |entry: &&Entry| entry.name == name || entry.alias == Some(name);
        let entry = ENTRIES
            .iter()
            .find(matches)
            .ok_or_else(|| InitError::UnknownScheme {
                name: name.into(),
                known: Self::names().collect::<Vec<_>>().join(", "),
            })?;
        let given = Given {
            entry,
            p: parameters,
        };
        match parameters
            .given()
            .iter()
            .find(|parameter| !entry.takes.contains(parameter))
        {
            Some(parameter) => Err(given.wrong("does not take", parameter)),
            None => (entry.build)(&given),
        }
    }

    /// The names of all schemes.
    pub fn names() -> impl Iterator<Item = &'static str> {
        ENTRIES.iter().map(|entry| entry.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Parameters enough for any scheme, of which each gets those that it takes.
    fn enough(entry: &Entry) -> Parameters {
        let takes = |name: &str| entry.takes.contains(&name);
        let number = |name: &str, value: f64| takes(name).then_some(value);
        let count = |name: &str| takes(name).then_some(12);
        Parameters {
            value: number("value", 0.5),
            std: number("std", 0.02),
            low: number("low", -1.0),
            high: number("high", 1.0),
            sparsity: number("sparsity", 0.5),
            fan_in: count("fan_in"),
            layers: count("layers"),
            base_fan_in: count("base_fan_in"),
            ..Parameters::default()
        }
    }

    #[test]
    fn every_name_builds_the_scheme_of_that_name() -> Result<(), InitError> {
        for entry in ENTRIES {
            let scheme = Scheme::named(entry.name, &enough(entry))?;
            // The default bias is a plain uniform.
            let name = if entry.name == "pytorch_default_bias" {
                "uniform"
            } else {
                entry.name
            };
            assert_eq!(scheme.name(), name);
            if let Some(alias) = entry.alias {
                assert_eq!(Scheme::named(alias, &enough(entry))?, scheme);
            }
        }
        Ok(())
    }

    #[test]
    fn no_scheme_takes_a_parameter_that_it_does_not_name() {
        let everything = Parameters {
            value: Some(1.0),
            sparsity: Some(0.5),
            ..Default::default()
        };
        for entry in ENTRIES {
            let error = Scheme::named(entry.name, &everything).expect_err(entry.name);
            assert!(error.to_string().contains("does not take"), "{error}");
        }
    }

    #[test]
    fn names_and_parameters_that_are_wrong_are_said_to_be() {
        let of = |gain, activation: &str| Parameters {
            gain,
            activation: Some(activation.into()),
            ..Parameters::default()
        };
        let cases = [
            (
                "he_normal",
                Parameters::default(),
                "no scheme is named \"he_normal\"; known are zeros",
            ),
            (
                "normal",
                Parameters::default(),
                "normal needs \"std\"; it takes mean, std",
            ),
            (
                "xavier_normal",
                of(Some(1.0), "relu"),
                "takes not both gain and \"activation\"",
            ),
            ("xavier_normal", of(None, "reluu"), "reluu"),
            (
                "zeros",
                of(None, "relu"),
                "zeros does not take \"activation\"; it takes no parameters",
            ),
        ];
        for (name, parameters, message) in cases {
            let error = Scheme::named(name, &parameters).expect_err(message);
            assert!(
                error.to_string().contains(message),
                "{error} does not say {message}"
            );
        }
    }
}
