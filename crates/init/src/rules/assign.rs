use std::collections::HashMap;

use super::{Idle, Rule, Rules, RulesError, Values};
use crate::{Framework, Geometry, GeometryError, InitError, Layout, Reading, Scheme};

/// A tensor's name and shape, as a checkpoint's header has them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TensorShape {
    /// The name.
    pub name: String,
    /// The shape, slowest dimension first.
    pub shape: Vec<usize>,
    /// The layer that it is known to be, where more is known than a name and a shape.
    pub reading: Option<(Reading, Layout)>,
}

impl TensorShape {
    /// A tensor of this name and shape.
    pub fn new(name: &str, shape: &[usize]) -> Self {
        Self {
            name: name.into(),
            shape: shape.to_vec(),
            reading: None,
        }
    }

    /// The same tensor, known to be this kind of layer. A rule that says otherwise still decides.
    pub fn read_as(self, reading: Reading, layout: Layout) -> Self {
        Self {
            reading: Some((reading, layout)),
            ..self
        }
    }
}

/// What a tensor gets, and by which rule.
#[derive(Clone, Debug, PartialEq)]
pub struct Assignment {
    /// The tensor's name.
    pub name: String,
    /// The rule's place in the list, from 0.
    pub rule: usize,
    /// The layer that it is read as.
    pub geometry: Geometry,
    /// Its scheme.
    pub scheme: Scheme,
}

impl Rules {
    /// Decides about every tensor, in their order.
    ///
    /// # Errors
    /// [`RulesError::Unmatched`], with every tensor that no rule matches; [`RulesError::Tensor`]
    /// where the rule's layer or scheme does not suit a tensor; [`RulesError::Idle`] for a rule
    /// that decides about none.
    pub fn assign(&self, tensors: &[TensorShape]) -> Result<Vec<Assignment>, RulesError> {
        let first = |tensor| self.rules.iter().position(|rule| rule.matches(tensor));
        let chosen: Vec<Option<usize>> = tensors.iter().map(first).collect();
        let unmatched = tensors
            .iter()
            .zip(&chosen)
            .filter(|(_, rule)| rule.is_none());
        let names: Vec<String> = unmatched.map(|(tensor, _)| tensor.name.clone()).collect();
        if !names.is_empty() {
            return Err(RulesError::Unmatched { names });
        }
        self.refuse_idle(&chosen)?;
        let siblings: Siblings<'_> = tensors
            .iter()
            .map(|tensor| (tensor.name.as_str(), tensor))
            .collect();
        let assigned = tensors
            .iter()
            .zip(chosen.into_iter().flatten())
            .map(|(tensor, index)| {
                let rule = &self.rules[index];
                let decided = rule.decide(tensor, &siblings);
                let (geometry, scheme) = decided.map_err(|source| RulesError::Tensor {
                    name: tensor.name.clone(),
                    pattern: rule.pattern().into(),
                    source: Box::new(source),
                })?;
                Ok(Assignment {
                    name: tensor.name.clone(),
                    rule: index,
                    geometry,
                    scheme,
                })
            });
        assigned.collect()
    }

    fn refuse_idle(&self, chosen: &[Option<usize>]) -> Result<(), RulesError> {
        let idle = (0..self.rules.len()).filter(|rule| !chosen.contains(&Some(*rule)));
        let patterns: Vec<String> = idle.map(|rule| self.rules[rule].pattern().into()).collect();
        match self.idle {
            Idle::Refused if !patterns.is_empty() => Err(RulesError::Idle { patterns }),
            _ => Ok(()),
        }
    }
}

/// A checkpoint's tensors by name: a bias is told from its layer's weight.
type Siblings<'a> = HashMap<&'a str, &'a TensorShape>;

impl Rule {
    fn decide(
        &self,
        tensor: &TensorShape,
        siblings: &Siblings<'_>,
    ) -> Result<(Geometry, Scheme), InitError> {
        match &self.values {
            Values::Scheme(scheme) => {
                let geometry = self.geometry(tensor)?;
                // A scheme that cannot fill this tensor is refused here, before anything is made.
                scheme.prepare(&geometry, &crate::Seed(0).stream(&tensor.name))?;
                Ok((geometry, scheme.clone()))
            }
            Values::Framework(framework) => self.by_framework(*framework, tensor, siblings),
        }
    }

    /// What the rule says of the layer, or what the tensor says of itself, or what its shape says.
    fn geometry(&self, tensor: &TensorShape) -> Result<Geometry, GeometryError> {
        let shape = &tensor.shape;
        match (&self.reading, &tensor.reading) {
            (Some(reading), _) => reading.geometry(shape, self.layout),
            (None, Some((reading, layout))) => reading.geometry(shape, *layout),
            (None, None) => plain(shape, self.layout),
        }
    }

    fn by_framework(
        &self,
        framework: Framework,
        tensor: &TensorShape,
        siblings: &Siblings<'_>,
    ) -> Result<(Geometry, Scheme), InitError> {
        let name = tensor.name.as_str();
        if let Some(cell) = Cell::of(name, siblings) {
            return cell.decide(framework, tensor, self.layout);
        }
        if let Some(scheme) = norm_statistic(name) {
            return Ok((plain(&tensor.shape, self.layout)?, scheme));
        }
        if is_bias(name) {
            let weight = weight_of(name, siblings).filter(|weight| weight.shape.len() > 1);
            let scheme = match weight {
                Some(weight) => framework.bias(&self.geometry(weight)?),
                None => framework.norm_bias(),
            };
            return Ok((plain(&tensor.shape, self.layout)?, scheme));
        }
        let unsaid = self.reading.is_none() && tensor.reading.is_none();
        let geometry = if unsaid && is_embedding(name) && tensor.shape.len() == 2 {
            Reading::Embedding.geometry(&tensor.shape, self.layout)?
        } else {
            self.geometry(tensor)?
        };
        let default = framework.weight(&geometry);
        Ok((default.geometry, default.scheme))
    }
}

fn plain(shape: &[usize], layout: Layout) -> Result<Geometry, GeometryError> {
    Reading::plain(shape)?.geometry(shape, layout)
}

fn last_part(name: &str) -> &str {
    name.rsplit(['.', '/']).next().unwrap_or(name)
}

/// What a batch norm has counted before it has seen anything: mean 0, variance 1, no batches.
fn norm_statistic(name: &str) -> Option<Scheme> {
    match last_part(name) {
        "running_mean" | "moving_mean" | "num_batches_tracked" => Some(Scheme::zeros()),
        "running_var" | "moving_variance" => Some(Scheme::ones()),
        _ => None,
    }
}

fn is_bias(name: &str) -> bool {
    let part = last_part(name);
    part.starts_with("bias") || part.ends_with("bias") || part == "beta"
}

fn is_embedding(name: &str) -> bool {
    ["embed", "wte", "wpe"]
        .iter()
        .any(|word| name.contains(word))
}

/// The weight beside this bias.
fn weight_of<'a>(bias: &str, siblings: &Siblings<'a>) -> Option<&'a TensorShape> {
    let stem = &bias[..bias.len() - last_part(bias).len()];
    let renamed = |word: &str| format!("{stem}{}", last_part(bias).replacen("bias", word, 1));
    ["weight", "kernel"]
        .iter()
        .find_map(|word| siblings.get(renamed(word).as_str()).copied())
}

/// A tensor of one of PyTorch's recurrent layers, which `weight_hh` beside it gives away.
struct Cell {
    gates: usize,
}

impl Cell {
    fn of(name: &str, siblings: &Siblings<'_>) -> Option<Self> {
        let part = last_part(name);
        let stem = &name[..name.len() - part.len()];
        let (_, suffix) = part.split_once("_ih").or_else(|| part.split_once("_hh"))?;
        let recurrent = siblings.get(format!("{stem}weight_hh{suffix}").as_str())?;
        match recurrent.shape.as_slice() {
            [rows, hidden] if *hidden > 0 && rows.is_multiple_of(*hidden) => Some(Self {
                gates: rows / hidden,
            }),
            _ => None,
        }
    }

    fn decide(
        &self,
        framework: Framework,
        tensor: &TensorShape,
        layout: Layout,
    ) -> Result<(Geometry, Scheme), InitError> {
        let gates = self.gates;
        let part = last_part(&tensor.name);
        if part.starts_with("bias") {
            let geometry = Reading::GateBias { gates }.geometry(&tensor.shape, layout)?;
            return Ok((geometry.clone(), framework.bias(&geometry)));
        }
        let geometry = Reading::Recurrent { gates }.geometry(&tensor.shape, layout)?;
        let of_state = part.starts_with("weight_hh");
        let default = if of_state {
            framework.recurrent_weight(&geometry)
        } else {
            framework.weight(&geometry)
        };
        Ok((default.geometry, default.scheme))
    }
}
