//! A model's tensors as a TOML file lists them.

mod counters;
mod listing;
mod size;
mod template;

use std::collections::BTreeMap;

use serde::Deserialize;

use super::header::MAX_RANK;
use super::{ModelTensor, SpecError, StoredDtype, parse_dtype};
use crate::rules::{Experts, Kind, LayerTable, Parts};
use crate::{Layout, Reading, Role, Rules};

use counters::Counters;
use listing::Line;
pub use listing::SpecTensors;
pub(super) use size::{MOST_BYTES, MOST_TENSORS};
pub use template::NameFault;
use template::Template;

/// A model's tensors, and the rules for them if the file has any.
#[derive(Clone, Debug)]
pub struct Spec {
    /// The tensors, in order; each is made when it is asked for.
    pub tensors: SpecTensors,
    /// The rules that the file itself gives.
    pub rules: Option<Rules>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    /// The number format of every tensor that does not say its own.
    dtype: Option<String>,
    /// The order of the stored axes, likewise.
    layout: Option<Layout>,
    /// How far each counter in the names counts.
    #[serde(default)]
    repeat: BTreeMap<String, u64>,
    tensor: Vec<Table>,
    /// Rules, as a rules file has them.
    rule: Option<toml::Value>,
}

/// One entry of `tensor`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    name: String,
    shape: Vec<usize>,
    dtype: Option<String>,
    layout: Option<Layout>,
    layer: Option<Kind>,
    groups: Option<usize>,
    multiplier: Option<usize>,
    parts: Option<Parts>,
    head_groups: Option<usize>,
    gates: Option<usize>,
    axes: Option<Vec<Role>>,
    experts: Option<Experts>,
}

impl Spec {
    /// Reads a spec from TOML.
    ///
    /// `tensor` lists the tensors: `name`, `shape`, and where it is needed `dtype`, `layout`, and
    /// `layer` with what goes with it, as in rules. In a name, `{a,b}` stands for both, and
    /// `{layer}` for 0, 1, … up to `repeat.layer` − 1; entries that follow each other and share
    /// their first counter are laid out together, layer by layer. `dtype` and `layout` at the top
    /// hold for all. `[[rule]]` entries, as in a rules file, may follow.
    ///
    /// Memory grows with the text, not with the tensors that it stands for: 131,072 at most, whose
    /// names and shapes may come to 16 MiB.
    ///
    /// # Errors
    /// [`SpecError`], one variant a rule.
    ///
    /// # Example
    /// ```
    /// use evenkeel_init::checkpoint::Spec;
    /// let spec = Spec::from_toml(r#"
    ///     dtype = "bf16"
    ///     repeat = { layer = 2 }
    ///     tensor = [
    ///         { name = "layers.{layer}.{q,k}.weight", shape = [64, 64] },
    ///         { name = "layers.{layer}.norm.weight", shape = [64] },
    ///     ]
    /// "#)?;
    /// let names: Vec<_> = spec.tensors.iter().map(|tensor| tensor.name).collect();
    /// assert_eq!(names, [
    ///     "layers.0.q.weight", "layers.0.k.weight", "layers.0.norm.weight",
    ///     "layers.1.q.weight", "layers.1.k.weight", "layers.1.norm.weight",
    /// ]);
    /// # Ok::<(), evenkeel_init::checkpoint::SpecError>(())
    /// ```
    pub fn from_toml(text: &str) -> Result<Self, SpecError> {
        let file: File = toml::from_str(text).map_err(|error| SpecError::Toml {
            problem: error.to_string(),
        })?;
        let dtype = file.dtype.as_deref().map(dtype).transpose()?;
        let counters = Counters::new(file.repeat);
        let lines: Vec<Line> = file
            .tensor
            .iter()
            .map(|table| table.line(dtype, file.layout, &counters))
            .collect::<Result<_, _>>()?;
        check_counters(&lines, &counters)?;
        size::check(&lines, &counters)?;
        Ok(Self {
            tensors: SpecTensors::new(lines, &counters),
            rules: file.rule.map(rules).transpose()?,
        })
    }
}

impl Table {
    fn line(
        &self,
        dtype_of_all: Option<StoredDtype>,
        layout_of_all: Option<Layout>,
        counters: &Counters,
    ) -> Result<Line, SpecError> {
        let name = || self.name.clone();
        let template = Template::parse(&self.name, counters).map_err(|fault| SpecError::Name {
            name: name(),
            fault,
        })?;
        if self.shape.len() > MAX_RANK {
            return Err(SpecError::Rank {
                name: name(),
                rank: self.shape.len(),
            });
        }
        let dtype = self.dtype.as_deref().map(dtype).transpose()?;
        let dtype = dtype
            .or(dtype_of_all)
            .ok_or_else(|| SpecError::NoDtype { name: name() })?;
        let reading = self.layer().reading().map_err(|problem| SpecError::Layer {
            name: name(),
            problem,
        })?;
        let layout = self.layout.or(layout_of_all);
        let tensor = ModelTensor {
            name: name(),
            dtype,
            shape: self.shape.clone(),
            reading: known(reading, layout, &self.shape),
        };
        Ok(Line { template, tensor })
    }

    fn layer(&self) -> LayerTable {
        LayerTable {
            layer: self.layer,
            groups: self.groups,
            multiplier: self.multiplier,
            parts: self.parts.clone(),
            head_groups: self.head_groups,
            gates: self.gates,
            axes: self.axes.clone(),
            experts: self.experts,
        }
    }
}

/// What an entry says of its layer. A layout alone says that the shape is to be read plainly, and
/// so; nothing at all leaves it to the rules.
fn known(
    reading: Option<Reading>,
    layout: Option<Layout>,
    shape: &[usize],
) -> Option<(Reading, Layout)> {
    let plain = layout.and_then(|_| Reading::plain(shape).ok());
    Some((reading.or(plain)?, layout.unwrap_or_default()))
}

fn dtype(text: &str) -> Result<StoredDtype, SpecError> {
    parse_dtype(text).ok_or_else(|| SpecError::Dtype { text: text.into() })
}

/// The rules among a spec's entries, read as a file of their own.
fn rules(entries: toml::Value) -> Result<Rules, SpecError> {
    let file = toml::Table::from_iter([("rule".to_owned(), entries)]);
    let text = toml::to_string(&file).map_err(|error| SpecError::Toml {
        problem: error.to_string(),
    })?;
    Ok(Rules::from_toml(&text)?)
}

/// Refuses counters that count nothing or are not used.
fn check_counters(lines: &[Line], counters: &Counters) -> Result<(), SpecError> {
    if let Some(counter) = counters.find(|counter| counters.count(counter) == 0) {
        return Err(SpecError::ZeroCounter { counter });
    }
    let mut used = vec![false; counters.len()];
    for counter in lines.iter().flat_map(|line| line.template.counters()) {
        used[*counter] = true;
    }
    match counters.find(|counter| !used[counter]) {
        Some(counter) => Err(SpecError::IdleCounter { counter }),
        None => Ok(()),
    }
}

#[cfg(test)]
#[path = "spec_tests.rs"]
mod tests;
