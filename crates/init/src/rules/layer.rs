//! How files say what layer a tensor belongs to: the same keys in rules and in specs.

use serde::Deserialize;

use crate::{Packing, Reading, Role};

/// The kind of layer and what goes with it.
#[derive(Clone, Debug, Default)]
pub(crate) struct LayerTable {
    pub(crate) layer: Option<Kind>,
    pub(crate) groups: Option<usize>,
    pub(crate) multiplier: Option<usize>,
    pub(crate) parts: Option<Parts>,
    pub(crate) head_groups: Option<usize>,
    pub(crate) gates: Option<usize>,
    pub(crate) axes: Option<Vec<Role>>,
    pub(crate) experts: Option<Experts>,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Kind {
    Linear,
    #[serde(alias = "conv")]
    Convolution,
    #[serde(alias = "conv-transpose")]
    TransposedConvolution,
    Depthwise,
    Embedding,
    Packed,
    Recurrent,
    GateBias,
    Vector,
    Axes,
}

/// A number of equal parts, or the size of each.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub(crate) enum Parts {
    Equal(usize),
    Sizes(Vec<usize>),
}

/// Whether the first dimension counts experts.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Experts {
    First,
}

impl LayerTable {
    /// The layer that the keys describe, none if they are absent; or what is wrong with them.
    pub(crate) fn reading(&self) -> Result<Option<Reading>, String> {
        let Some(kind) = self.layer else {
            let none = self.extras().iter().all(|(_, given)| !given) && self.experts.is_none();
            let problem = "groups, parts, gates, axes and experts need a layer";
            return if none { Ok(None) } else { Err(problem.into()) };
        };
        self.refuse_extras(kind)?;
        let needs = |what: &str| format!("this layer needs {what}");
        let groups = self.groups.unwrap_or(1);
        let reading = match kind {
            Kind::Linear => Reading::Linear,
            Kind::Convolution => Reading::Convolution { groups },
            Kind::TransposedConvolution => Reading::TransposedConvolution { groups },
            Kind::Depthwise => Reading::Depthwise {
                multiplier: self.multiplier.unwrap_or(1),
            },
            Kind::Embedding => Reading::Embedding,
            Kind::Packed => match self.parts.clone().ok_or_else(|| needs("parts"))? {
                Parts::Equal(parts) => Reading::PackedEvenly { parts },
                Parts::Sizes(parts) => {
                    let packing = self.head_groups.map_or(Packing::Blocked, Packing::PerHead);
                    Reading::Packed { parts, packing }
                }
            },
            Kind::Recurrent => Reading::Recurrent {
                gates: self.gates.ok_or_else(|| needs("gates"))?,
            },
            Kind::GateBias => Reading::GateBias {
                gates: self.gates.ok_or_else(|| needs("gates"))?,
            },
            Kind::Vector => Reading::Vector,
            Kind::Axes => Reading::Explicit {
                roles: self.axes.clone().ok_or_else(|| needs("axes"))?,
            },
        };
        Ok(Some(match self.experts {
            Some(Experts::First) => Reading::Experts {
                of: Box::new(reading),
            },
            None => reading,
        }))
    }

    /// What goes with some layers, and whether it was given.
    fn extras(&self) -> [(&'static str, bool); 6] {
        [
            ("groups", self.groups.is_some()),
            ("multiplier", self.multiplier.is_some()),
            ("parts", self.parts.is_some()),
            ("head_groups", self.head_groups.is_some()),
            ("gates", self.gates.is_some()),
            ("axes", self.axes.is_some()),
        ]
    }

    fn refuse_extras(&self, kind: Kind) -> Result<(), String> {
        let equal = matches!(self.parts, Some(Parts::Equal(_)));
        let allowed: &[&str] = match kind {
            Kind::Convolution | Kind::TransposedConvolution => &["groups"],
            Kind::Depthwise => &["multiplier"],
            Kind::Packed if equal => &["parts"],
            Kind::Packed => &["parts", "head_groups"],
            Kind::Recurrent | Kind::GateBias => &["gates"],
            Kind::Axes => &["axes"],
            Kind::Linear | Kind::Embedding | Kind::Vector => &[],
        };
        match self
            .extras()
            .iter()
            .find(|(name, given)| *given && !allowed.contains(name))
        {
            Some((name, _)) => Err(format!("this layer has no {name}")),
            None => Ok(()),
        }
    }
}
