//! GPT-2 as the `transformers` package has it (`GPT2PreTrainedModel._init_weights`), after
//! Radford et al., 2019: normal with 0.02, 1/√(2·layers) of it where a block writes into the
//! residual stream, biases 0, norms 1 and 0.

use crate::{Layout, Reading, Rule, Rules, RulesError, Scheme};

const STD: f64 = 0.02;

pub(super) fn rules<'a>(names: impl IntoIterator<Item = &'a str>) -> Result<Rules, RulesError> {
    let layers = layers(names)?;
    let stored_inputs_first = |pattern: &str, reading: Reading, scheme: Scheme| {
        Ok::<_, RulesError>(Rule::glob(pattern, scheme)?.read_as(reading, Layout::InOut))
    };
    let normal = Scheme::normal(0.0, STD);
    Ok(Rules::lenient(vec![
        Rule::glob("*wte.weight", normal.clone())?.read_as(Reading::Embedding, Layout::OutIn),
        Rule::glob("*wpe.weight", normal.clone())?.read_as(Reading::Embedding, Layout::OutIn),
        Rule::glob("*lm_head.weight", normal.clone())?,
        stored_inputs_first(
            "*.attn.c_attn.weight",
            Reading::PackedEvenly { parts: 3 },
            normal.clone(),
        )?,
        stored_inputs_first(
            "*.c_proj.weight",
            Reading::Linear,
            Scheme::gpt2_residual(STD, layers),
        )?,
        stored_inputs_first("*.c_fc.weight", Reading::Linear, normal)?,
        Rule::regex(r"(^|\.)ln_\w+\.weight$", Scheme::ones())?,
        Rule::glob("*bias", Scheme::zeros())?.of_rank(1),
    ]))
}

/// One more than the largest number among the names' parts `h.N`.
fn layers<'a>(names: impl IntoIterator<Item = &'a str>) -> Result<usize, RulesError> {
    let number = |name: &str| {
        let mut parts = name.split('.').skip_while(|part| *part != "h");
        parts.nth(1).and_then(|part| part.parse::<usize>().ok())
    };
    let last = names.into_iter().filter_map(number).max();
    last.and_then(|last| last.checked_add(1))
        .ok_or(RulesError::Layers {
            preset: "gpt2",
            expected: "h.N",
        })
}
