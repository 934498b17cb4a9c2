//! Names of experiments and figures: safe in files and addresses, and fit for a reader.

use evenkeel_lab::results::Results;

/// A name for each experiment that is safe in a file's name and an address, and unique.
pub(crate) fn anchors(results: &Results) -> Vec<String> {
    let mut taken: Vec<String> = Vec::new();
    for experiment in &results.experiments {
        let slug = slug(&experiment.id);
        let mut name = slug.clone();
        let mut n = 2;
        while taken.contains(&name) {
            name = format!("{slug}-{n}");
            n += 1;
        }
        taken.push(name);
    }
    taken
}

/// A text as a name that is safe in a file's name and an address.
pub(crate) fn slug(text: &str) -> String {
    let mapped: String = text
        .chars()
        .map(|c| {
            if c.is_ascii_alphanumeric() {
                c.to_ascii_lowercase()
            } else {
                '-'
            }
        })
        .collect();
    let words: Vec<&str> = mapped.split('-').filter(|w| !w.is_empty()).collect();
    let mut joined = words.join("-");
    joined.truncate(48);
    if joined.is_empty() {
        "experiment".to_owned()
    } else {
        joined
    }
}

/// A phrase with its first letter in upper case.
pub(crate) fn sentence_case(text: &str) -> String {
    let mut chars = text.chars();
    chars
        .next()
        .map_or_else(String::new, |c| c.to_uppercase().chain(chars).collect())
}

/// What several names begin with, cut at a word and without the punctuation that joins them.
pub(crate) fn common_start(names: &[&str]) -> Option<String> {
    let (first, rest) = names.split_first()?;
    let shared = rest.iter().fold(first.len(), |n, name| {
        let same = first
            .char_indices()
            .zip(name.chars())
            .find(|((_, a), b)| a != b);
        n.min(same.map_or(first.len().min(name.len()), |((i, _), _)| i))
    });
    let cut = if shared == first.len() {
        shared
    } else {
        first[..shared].rfind([' ', ',', ':'])?
    };
    let text = first[..cut].trim_end_matches([' ', ',', ':', '·', '–', '-', '(']);
    (text.chars().count() >= 3).then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::{common_start, slug};

    #[test]
    fn names_of_files_cannot_leave_their_folder() {
        assert_eq!(slug("../../etc/passwd"), "etc-passwd");
        assert_eq!(slug("<script>"), "script");
        assert_eq!(slug("…"), "experiment");
        assert_eq!(slug("first-layer"), "first-layer");
    }

    #[test]
    fn a_shared_beginning_makes_a_title() {
        let names = ["activations, standard", "activations, normalised"];
        assert_eq!(common_start(&names).as_deref(), Some("activations"));
        assert_eq!(common_start(&["loss", "accuracy"]), None);
    }
}
