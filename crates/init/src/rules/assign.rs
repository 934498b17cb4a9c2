use std::collections::HashMap;
use std::collections::hash_map::Entry;

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

    pub(super) fn seen(&self) -> Seen<'_> {
        Seen {
            name: &self.name,
            form: Form {
                shape: &self.shape,
                reading: self.reading.as_ref(),
            },
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

/// What rules see of a tensor.
#[derive(Clone, Copy)]
pub(crate) struct Seen<'a> {
    pub(crate) name: &'a str,
    pub(crate) form: Form<'a>,
}

/// What a tensor is apart from its name.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Form<'a> {
    pub(crate) shape: &'a [usize],
    /// The layer that it is known to be.
    pub(crate) reading: Option<&'a (Reading, Layout)>,
}

/// A model's tensors, however they are held.
pub(crate) trait Listing {
    fn count(&self) -> usize;

    /// The tensor of this number.
    fn seen(&self, number: usize) -> Seen<'_>;
}

impl Listing for [TensorShape] {
    fn count(&self) -> usize {
        self.len()
    }

    fn seen(&self, number: usize) -> Seen<'_> {
        self[number].seen()
    }
}

/// What is decided about all tensors of a model: many get the same.
pub(crate) struct Decisions {
    pub(crate) distinct: Vec<Decision>,
    /// Which of them each tensor gets.
    pub(crate) each: Vec<usize>,
}

/// What a tensor gets.
#[derive(Clone)]
pub(crate) struct Decision {
    /// The rule's place in the list.
    pub(crate) rule: usize,
    pub(crate) geometry: Geometry,
    pub(crate) scheme: Scheme,
}

impl Rules {
    /// Decides about every tensor, in their order.
    ///
    /// # Errors
    /// [`RulesError::Unmatched`], with every tensor that no rule matches; [`RulesError::Tensor`]
    /// where the rule's layer or scheme does not suit a tensor; [`RulesError::Idle`] for a rule
    /// that decides about none.
    pub fn assign(&self, tensors: &[TensorShape]) -> Result<Vec<Assignment>, RulesError> {
        let Decisions { distinct, each } = self.decisions(tensors)?;
        let assigned = tensors.iter().zip(each).map(|(tensor, decided)| {
            let Decision {
                rule,
                geometry,
                scheme,
            } = distinct[decided].clone();
            Assignment {
                name: tensor.name.clone(),
                rule,
                geometry,
                scheme,
            }
        });
        Ok(assigned.collect())
    }

    /// Decides about every tensor, once for all that are alike.
    pub(crate) fn decisions(
        &self,
        tensors: &(impl Listing + ?Sized),
    ) -> Result<Decisions, RulesError> {
        let rules = self.chosen(tensors)?;
        self.refuse_idle(&rules)?;
        let siblings = self.siblings(tensors);
        let mut known = HashMap::new();
        let mut distinct = Vec::new();
        let mut each = Vec::with_capacity(rules.len());
        for (number, index) in rules.into_iter().enumerate() {
            let (rule, tensor) = (&self.rules[index], tensors.seen(number));
            let part = rule.part(tensor.name, &siblings);
            let decided = match known.entry((index, tensor.form, part)) {
                Entry::Occupied(known) => *known.get(),
                Entry::Vacant(place) => {
                    let decided = rule.decide(&tensor, part);
                    let (geometry, scheme) = decided.map_err(|source| RulesError::Tensor {
                        name: tensor.name.into(),
                        pattern: rule.pattern().into(),
                        source: Box::new(source),
                    })?;
                    distinct.push(Decision {
                        rule: index,
                        geometry,
                        scheme,
                    });
                    *place.insert(distinct.len() - 1)
                }
            };
            each.push(decided);
        }
        Ok(Decisions { distinct, each })
    }

    /// The rule of each tensor: the first that matches.
    fn chosen(&self, tensors: &(impl Listing + ?Sized)) -> Result<Vec<usize>, RulesError> {
        let numbers = 0..tensors.count();
        let first = |number: usize| {
            let tensor = tensors.seen(number);
            self.rules.iter().position(|rule| rule.matches(&tensor))
        };
        let chosen: Vec<usize> = numbers.clone().map_while(first).collect();
        if chosen.len() == tensors.count() {
            return Ok(chosen);
        }
        let unmatched = numbers.filter(|number| first(*number).is_none());
        Err(RulesError::Unmatched {
            names: unmatched
                .map(|number| tensors.seen(number).name.into())
                .collect(),
        })
    }

    fn refuse_idle(&self, chosen: &[usize]) -> Result<(), RulesError> {
        let mut busy = vec![false; self.rules.len()];
        for rule in chosen {
            busy[*rule] = true;
        }
        let idle = self.rules.iter().zip(busy).filter(|(_, busy)| !busy);
        let patterns: Vec<String> = idle.map(|(rule, _)| rule.pattern().into()).collect();
        match self.idle {
            Idle::Refused if !patterns.is_empty() => Err(RulesError::Idle { patterns }),
            _ => Ok(()),
        }
    }

    /// The tensors by name, where a rule asks for those beside a tensor.
    fn siblings<'a>(&self, tensors: &'a (impl Listing + ?Sized)) -> Siblings<'a> {
        let asks = |rule: &Rule| matches!(rule.values, Values::Framework(_));
        let count = if self.rules.iter().any(asks) {
            tensors.count()
        } else {
            0
        };
        let seen = (0..count).map(|number| tensors.seen(number));
        seen.map(|tensor| (tensor.name, tensor.form)).collect()
    }
}

/// A checkpoint's tensors by name: a bias is told from its layer's weight.
type Siblings<'a> = HashMap<&'a str, Form<'a>>;

/// What a tensor is within its layer, by its name and those beside it.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Part<'a> {
    /// Whatever it is: a scheme does not ask.
    Unasked,
    /// Of a recurrent cell with so many gates.
    Cell {
        gates: usize,
        part: CellPart,
    },
    /// What a batch norm has counted before it has seen anything: mean 0, no batches.
    Zeros,
    /// Its variance, 1.
    Ones,
    /// A bias, and the weight beside it.
    Bias(Option<Form<'a>>),
    Embedding,
    Weight,
}

/// A tensor of one of PyTorch's recurrent layers.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum CellPart {
    Bias,
    OfInputs,
    OfState,
}

impl Rule {
    /// What the rule must know of a tensor besides its form.
    fn part<'a>(&self, name: &str, siblings: &Siblings<'a>) -> Part<'a> {
        match self.values {
            Values::Scheme(_) => Part::Unasked,
            Values::Framework(_) => Part::of(name, siblings),
        }
    }

    fn decide(&self, tensor: &Seen<'_>, part: Part<'_>) -> Result<(Geometry, Scheme), InitError> {
        match &self.values {
            Values::Scheme(scheme) => {
                let geometry = self.geometry(tensor.form)?;
                // A scheme that cannot fill this tensor is refused here, before anything is made.
                scheme.prepare(&geometry, &crate::Seed(0).stream(tensor.name))?;
                Ok((geometry, scheme.clone()))
            }
            Values::Framework(framework) => self.by_framework(*framework, part, tensor.form),
        }
    }

    /// What the rule says of the layer, or what the tensor says of itself, or what its shape says.
    fn geometry(&self, tensor: Form<'_>) -> Result<Geometry, GeometryError> {
        let shape = tensor.shape;
        match (&self.reading, tensor.reading) {
            (Some(reading), _) => reading.geometry(shape, self.layout),
            (None, Some((reading, layout))) => reading.geometry(shape, *layout),
            (None, None) => plain(shape, self.layout),
        }
    }

    fn by_framework(
        &self,
        framework: Framework,
        part: Part<'_>,
        tensor: Form<'_>,
    ) -> Result<(Geometry, Scheme), InitError> {
        let plain = || plain(tensor.shape, self.layout);
        let unsaid = self.reading.is_none() && tensor.reading.is_none();
        let geometry = match part {
            Part::Cell { gates, part } => {
                return of_cell(framework, gates, part, tensor.shape, self.layout);
            }
            Part::Zeros => return Ok((plain()?, Scheme::zeros())),
            Part::Ones => return Ok((plain()?, Scheme::ones())),
            Part::Bias(weight) => {
                let scheme = match weight {
                    Some(weight) => framework.bias(&self.geometry(weight)?),
                    None => framework.norm_bias(),
                };
                return Ok((plain()?, scheme));
            }
            Part::Embedding if unsaid && tensor.shape.len() == 2 => {
                Reading::Embedding.geometry(tensor.shape, self.layout)?
            }
            Part::Embedding | Part::Weight | Part::Unasked => self.geometry(tensor)?,
        };
        let default = framework.weight(&geometry);
        Ok((default.geometry, default.scheme))
    }
}

fn of_cell(
    framework: Framework,
    gates: usize,
    part: CellPart,
    shape: &[usize],
    layout: Layout,
) -> Result<(Geometry, Scheme), InitError> {
    let reading = match part {
        CellPart::Bias => Reading::GateBias { gates },
        CellPart::OfInputs | CellPart::OfState => Reading::Recurrent { gates },
    };
    let geometry = reading.geometry(shape, layout)?;
    let default = match part {
        CellPart::Bias => {
            let scheme = framework.bias(&geometry);
            return Ok((geometry, scheme));
        }
        CellPart::OfInputs => framework.weight(&geometry),
        CellPart::OfState => framework.recurrent_weight(&geometry),
    };
    Ok((default.geometry, default.scheme))
}

impl<'a> Part<'a> {
    fn of(name: &str, siblings: &Siblings<'a>) -> Self {
        if let Some(cell) = cell(name, siblings) {
            return cell;
        }
        match last_part(name) {
            "running_mean" | "moving_mean" | "num_batches_tracked" => Self::Zeros,
            "running_var" | "moving_variance" => Self::Ones,
            part if is_bias(part) => {
                let weight = weight_of(name, siblings);
                Self::Bias(weight.filter(|weight| weight.shape.len() > 1))
            }
            _ if is_embedding(name) => Self::Embedding,
            _ => Self::Weight,
        }
    }
}

fn plain(shape: &[usize], layout: Layout) -> Result<Geometry, GeometryError> {
    Reading::plain(shape)?.geometry(shape, layout)
}

fn last_part(name: &str) -> &str {
    name.rsplit(['.', '/']).next().unwrap_or(name)
}

fn is_bias(last_part: &str) -> bool {
    last_part.starts_with("bias") || last_part.ends_with("bias") || last_part == "beta"
}

fn is_embedding(name: &str) -> bool {
    ["embed", "wte", "wpe"]
        .iter()
        .any(|word| name.contains(word))
}

/// The weight beside this bias.
fn weight_of<'a>(bias: &str, siblings: &Siblings<'a>) -> Option<Form<'a>> {
    let stem = &bias[..bias.len() - last_part(bias).len()];
    let renamed = |word: &str| format!("{stem}{}", last_part(bias).replacen("bias", word, 1));
    ["weight", "kernel"]
        .iter()
        .find_map(|word| siblings.get(renamed(word).as_str()).copied())
}

/// What this is in a recurrent layer, if `weight_hh` beside it gives one away.
fn cell<'a>(name: &str, siblings: &Siblings<'_>) -> Option<Part<'a>> {
    let part = last_part(name);
    let stem = &name[..name.len() - part.len()];
    let (_, suffix) = part.split_once("_ih").or_else(|| part.split_once("_hh"))?;
    let recurrent = siblings.get(format!("{stem}weight_hh{suffix}").as_str())?;
    let gates = match *recurrent.shape {
        [rows, hidden] if hidden > 0 && rows.is_multiple_of(hidden) => rows / hidden,
        _ => return None,
    };
    let part = match part {
        part if part.starts_with("bias") => CellPart::Bias,
        part if part.starts_with("weight_hh") => CellPart::OfState,
        _ => CellPart::OfInputs,
    };
    Some(Part::Cell { gates, part })
}
