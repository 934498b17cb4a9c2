//! The names of measured quantities as a reader wants them.
//!
//! An experiment names what it measures in `snake_case`, in the field's terms. Quantities that the
//! lab measures today have their phrase here; any other is spelt out word by word.

use crate::figure::sentence_case;

/// Whole names whose words alone would not tell what they are.
const PHRASES: [(&str, &str); 31] = [
    (
        "near_zero",
        "is the normalised training mean as good as zero?",
    ),
    ("near_zero_threshold", "as good as zero means below"),
    (
        "scaled_mean_over_seeds_std",
        "scaled: standard deviation of the mean over seeds",
    ),
    ("first_nonfinite", "first layer with ∞ or NaN"),
    (
        "first_nonfinite_fresh",
        "first layer with ∞ or NaN, fresh matrices",
    ),
    ("first_all_zero", "first layer that is all zero"),
    (
        "first_all_zero_fresh",
        "first layer that is all zero, fresh matrices",
    ),
    (
        "first_all_zero_mean",
        "first layer that is all zero: mean over seeds",
    ),
    (
        "first_all_zero_estimate",
        "first layer that is all zero: estimate",
    ),
    ("share_outside_band", "share of layers outside the 95% band"),
    ("layers_outside_band", "layers outside their 95% band"),
    ("log_rms_mean", "ln rms at the last layer: mean over seeds"),
    (
        "log_rms_std",
        "ln rms at the last layer: standard deviation over seeds",
    ),
    (
        "uniform_log_rms_mean",
        "uniform weights, ln rms at the last layer: mean over seeds",
    ),
    (
        "uniform_log_rms_std",
        "uniform weights, ln rms at the last layer: standard deviation over seeds",
    ),
    (
        "xavier_log_rms_mean",
        "Xavier, ln rms at the last layer: mean over seeds",
    ),
    (
        "xavier_log_rms_std",
        "Xavier, ln rms at the last layer: standard deviation over seeds",
    ),
    (
        "xavier_rms_factor_per_layer",
        "Xavier: factor in rms, layer by layer",
    ),
    ("activation_last_rms", "rms at the last layer"),
    ("dead_networks", "networks that died"),
    ("judged_layers", "layers judged"),
    ("one_layer_seeds", "seeds of the single layer"),
    ("chi_q", "χ_q"),
    ("gain_forward", "gain"),
    (
        "last_correlation",
        "correlation at the last layer, from each start",
    ),
    ("deepest_learnt", "deepest network that learnt, by σ_w²"),
    (
        "cells_away_from_the_line",
        "cells away from the predicted line",
    ),
    (
        "of_them_on_its_right_side",
        "of these, on the side that theory says",
    ),
    ("mean_square", "mean of the squared singular values"),
    (
        "relative_variance",
        "relative variance of the squared singular values",
    ),
    ("memory_bytes", "memory, bytes"),
];

/// Words that belong together, and words that are spelt in a way of their own; the longer first.
const WORDS: [(&str, &str); 28] = [
    ("fan_in", "fan_in"),
    ("fan_out", "fan_out"),
    ("log_rms", "ln rms"),
    ("sigma_w2", "σ_w²"),
    ("sigma_b2", "σ_b²"),
    ("chi_1", "χ₁"),
    ("chi_q", "χ_q"),
    ("xi_c", "ξ_c"),
    ("xi_q", "ξ_q"),
    ("q_star", "q*"),
    ("valid_accuracy", "validation accuracy"),
    ("first_over_last", "first layer over last"),
    ("last_over_first", "last layer over first"),
    ("second_over_last", "second layer over last"),
    ("train", "training part"),
    ("valid", "validation part"),
    ("tapered", "narrowing network,"),
    ("pytorch", "PyTorch"),
    ("xavier", "Xavier"),
    ("kaiming", "Kaiming"),
    ("gaussian", "Gaussian"),
    ("lsuv", "LSUV"),
    ("fixup", "Fixup"),
    ("relu", "ReLU"),
    ("init", "initialisation"),
    ("normalized", "normalised"),
    ("diverged_at_step", "diverged at step"),
    ("valid_accuracy_at_step", "validation accuracy by step"),
];

/// A quantity's name as a phrase in lower case, but for names and symbols.
pub(super) fn phrase(name: &str) -> String {
    match PHRASES.iter().find(|(key, _)| *key == name) {
        Some((_, phrase)) => (*phrase).to_owned(),
        None => spell(name),
    }
}

/// A quantity's name at the head of a row or a table: a word in upper case, a symbol as it is.
pub(super) fn headline(phrase: &str) -> String {
    let first = phrase.split([' ', ',', ':']).next().unwrap_or("");
    let is_word = first.chars().all(|c| c.is_ascii_alphabetic()) && first != "ln";
    if is_word {
        sentence_case(phrase)
    } else {
        phrase.to_owned()
    }
}

/// `log_rms_at_30_layers` → `ln rms at 30 layers`.
fn spell(name: &str) -> String {
    let parts: Vec<&str> = name.split('_').filter(|part| !part.is_empty()).collect();
    let mut words: Vec<&str> = Vec::new();
    let mut at = 0;
    while at < parts.len() {
        let (word, taken) = longest(&parts[at..]).unwrap_or((parts[at], 1));
        words.push(word);
        at += taken;
    }
    words.join(" ")
}

/// The longest entry of [`WORDS`] that parts of a name begin with, and how many parts it takes.
fn longest(parts: &[&str]) -> Option<(&'static str, usize)> {
    let fitting = WORDS.iter().filter_map(|(key, word)| {
        let taken = key.split('_').count();
        let fits = taken <= parts.len() && key.split('_').eq(parts[..taken].iter().copied());
        fits.then_some((*word, taken))
    });
    fitting.max_by_key(|(_, taken)| *taken)
}

/// The name of a case: a word that is spelt in a way of its own, or the key as it is.
pub(super) fn case(key: &str) -> &str {
    let known = WORDS.iter().find(|(word, _)| *word == key);
    known.map_or(key, |(_, spelt)| spelt)
}

/// What stands at the head of the keys under a quantity.
pub(super) fn keys_of(name: &str) -> &'static str {
    match name {
        "first_nonfinite" | "first_nonfinite_fresh" | "first_all_zero" | "first_all_zero_fresh" => {
            "layer"
        }
        "second_moment" | "chi_q" | "gain_forward" => "activation",
        "last_correlation" | "mean_square" | "relative_variance" => "network",
        _ => "case",
    }
}

/// What an experiment was given, not what came out of it.
const SETTINGS: [&str; 20] = [
    "activation",
    "batch",
    "chi_1",
    "depth",
    "images",
    "judged_layers",
    "layers",
    "learning_rate",
    "momentum",
    "near_zero_threshold",
    "parameters",
    "q_star",
    "seeds",
    "sigma_b2",
    "sigma_w2",
    "starts",
    "steps",
    "memory_bytes",
    "weight_decay",
    "width",
];

/// Whether a quantity is a setting of the experiment.
pub(super) fn is_setting(name: &str) -> bool {
    SETTINGS.contains(&name) || name.ends_with("_seeds")
}

#[cfg(test)]
mod tests {
    use super::{case, headline, is_setting, phrase};

    #[test]
    fn names_are_phrases() {
        for (name, text) in [
            ("first_nonfinite", "first layer with ∞ or NaN"),
            ("train_std", "training part std"),
            ("valid_normalized_std", "validation part normalised std"),
            (
                "tapered_fan_in_backward_log_rms",
                "narrowing network, fan_in backward ln rms",
            ),
            ("kaiming_at_30_layers", "Kaiming at 30 layers"),
            ("valid_accuracy_at_step", "validation accuracy by step"),
            ("what_nobody_measured_yet", "what nobody measured yet"),
            ("__", ""),
        ] {
            assert_eq!(phrase(name), text);
        }
    }

    #[test]
    fn symbols_keep_their_case() {
        assert_eq!(headline("mean of the last"), "Mean of the last");
        assert_eq!(headline("χ_q"), "χ_q");
        assert_eq!(headline("fan_in backward"), "fan_in backward");
        assert_eq!(headline("ln rms"), "ln rms");
        assert_eq!(headline("scaled: std"), "Scaled: std");
        assert_eq!(headline("memory, bytes"), "Memory, bytes");
        assert_eq!(
            (case("kaiming"), case("gelu_tanh")),
            ("Kaiming", "gelu_tanh")
        );
    }

    #[test]
    fn settings_are_told_from_results() {
        assert!(is_setting("depth") && is_setting("uniform_seeds"));
        assert!(!is_setting("log_rms_mean") && !is_setting("test_accuracy"));
    }
}
