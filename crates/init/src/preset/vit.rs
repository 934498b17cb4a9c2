//! timm's vision transformers (`VisionTransformer.init_weights`, mode `''`): linear layers and the
//! position embedding a truncated normal with 0.02, biases 0, the class token next to 0, and the
//! patch embedding as PyTorch leaves it.
//!
//! timm's `trunc_normal_` cuts at ±2 in the values' own unit: a hundred standard deviations out,
//! so that nothing is cut.

use crate::{Bounds, Convention, Framework, Rule, Rules, RulesError, Scheme};

const STD: f64 = 0.02;

pub(super) fn rules() -> Result<Rules, RulesError> {
    let bounds = Bounds::Absolute {
        low: -2.0,
        high: 2.0,
    };
    let truncated = Scheme::truncated_normal(0.0, STD, bounds, Convention::Parent);
    Ok(Rules::lenient(vec![
        Rule::regex(r"(^|\.)(cls|reg)_token$", Scheme::normal(0.0, 1e-6))?,
        Rule::glob("*pos_embed", truncated.clone())?,
        Rule::framework(
            r"(^|\.)patch_embed\.proj\.(weight|bias)$",
            Framework::Pytorch,
        )?,
        Rule::regex(r"(^|\.)(norm\w*|\w+_norm)\.weight$", Scheme::ones())?,
        Rule::glob("*.gamma", Scheme::constant(1e-5))?,
        Rule::glob("*bias", Scheme::zeros())?.of_rank(1),
        Rule::glob("*.weight", truncated)?.of_rank(2),
    ]))
}
