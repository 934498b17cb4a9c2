//! Rules as a TOML file.

use serde::Deserialize;

use super::layer::{Experts, Kind, LayerTable, Parts};
use super::pattern::Pattern;
use super::{Idle, Rule, Rules, RulesError, Values};
use crate::{Framework, Layout, Parameters, Reading, Role, Scheme};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    rule: Vec<Table>,
}

/// One `[[rule]]`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    /// A glob that the whole name must match.
    r#match: Option<String>,
    /// A regular expression that must be found in the name.
    regex: Option<String>,
    /// Only tensors of this many dimensions.
    rank: Option<usize>,
    /// The order of the stored axes, `oi` unless given.
    layout: Option<Layout>,
    /// The kind of layer; by the number of dimensions unless given.
    layer: Option<Kind>,
    groups: Option<usize>,
    multiplier: Option<usize>,
    parts: Option<Parts>,
    head_groups: Option<usize>,
    gates: Option<usize>,
    axes: Option<Vec<Role>>,
    /// Whether the first dimension counts experts.
    experts: Option<Experts>,
    /// A scheme's name, and its parameters.
    scheme: Option<String>,
    with: Option<Parameters>,
    /// Instead of a scheme: a framework's default.
    default: Option<Framework>,
}

impl Rules {
    /// Reads rules from TOML.
    ///
    /// Each `[[rule]]` has `match` (a glob) or `regex`; `scheme` with its parameters in `with`, or
    /// `default` with a framework's name; and, where the shape alone does not tell, `layer` with
    /// what goes with it (`groups`, `multiplier`, `parts`, `head_groups`, `gates`, `axes`),
    /// `layout`, `rank`, and `experts = "first"`.
    ///
    /// # Errors
    /// [`RulesError::Toml`], [`RulesError::Pattern`], [`RulesError::Rule`], [`RulesError::Scheme`].
    pub fn from_toml(text: &str) -> Result<Self, RulesError> {
        let file: File = toml::from_str(text).map_err(|error| RulesError::Toml {
            problem: error.to_string(),
        })?;
        if file.rule.is_empty() {
            return Err(RulesError::Toml {
                problem: "there is no [[rule]] in it".into(),
            });
        }
        let rules = file
            .rule
            .into_iter()
            .zip(1..)
            .map(|(table, number)| table.rule(number));
        Ok(Self {
            rules: rules.collect::<Result<_, _>>()?,
            idle: Idle::Refused,
        })
    }
}

impl Table {
    fn rule(self, number: usize) -> Result<Rule, RulesError> {
        let pattern = match (&self.r#match, &self.regex) {
            (Some(glob), None) => Pattern::glob(glob)?,
            (None, Some(regex)) => Pattern::regex(regex)?,
            _ => return Err(self.wrong(number, "give either match or regex")),
        };
        let values = self.values(number)?;
        let reading = self.reading(number)?;
        let rule = match values {
            Values::Framework(framework) => Rule::of_framework(pattern, framework),
            scheme => Rule::new(pattern, scheme),
        };
        let layout = self.layout.unwrap_or(rule.layout);
        Ok(Rule {
            rank: self.rank,
            reading,
            layout,
            ..rule
        })
    }

    fn values(&self, number: usize) -> Result<Values, RulesError> {
        match (&self.scheme, self.default) {
            (Some(name), None) => {
                let parameters = self.with.clone().unwrap_or_default();
                let scheme = Scheme::named(name, &parameters);
                scheme
                    .map(Values::Scheme)
                    .map_err(|source| RulesError::Scheme {
                        number,
                        pattern: self.pattern(),
                        source: Box::new(source),
                    })
            }
            (None, Some(framework)) if self.with.is_none() => Ok(Values::Framework(framework)),
            (None, Some(_)) => Err(self.wrong(number, "with belongs to a scheme")),
            _ => Err(self.wrong(number, "give either scheme or default")),
        }
    }

    fn reading(&self, number: usize) -> Result<Option<Reading>, RulesError> {
        let layer = LayerTable {
            layer: self.layer,
            groups: self.groups,
            multiplier: self.multiplier,
            parts: self.parts.clone(),
            head_groups: self.head_groups,
            gates: self.gates,
            axes: self.axes.clone(),
            experts: self.experts,
        };
        layer
            .reading()
            .map_err(|problem| self.wrong(number, &problem))
    }

    fn pattern(&self) -> String {
        self.r#match
            .clone()
            .or_else(|| self.regex.clone())
            .unwrap_or_default()
    }

    fn wrong(&self, number: usize, problem: &str) -> RulesError {
        RulesError::Rule {
            number,
            pattern: self.pattern(),
            problem: problem.into(),
        }
    }
}
