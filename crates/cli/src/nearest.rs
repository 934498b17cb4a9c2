//! The name that was meant by one that there is not.

use evenkeel_init::{InitError, Scheme};
use strsim::damerau_levenshtein;

/// The most names that are suggested.
const MOST: usize = 3;

/// What a family is called elsewhere, and here.
const FAMILIES: [(&str, &str); 3] = [
    ("he_", "kaiming_"),
    ("glorot_", "xavier_"),
    ("msra_", "kaiming_"),
];

/// " did you mean `a` or `b`?", or nothing where no name is near.
pub(crate) fn hint<'a>(given: &str, known: impl Iterator<Item = &'a str>) -> Option<String> {
    let names: Vec<String> = nearest(given, known)
        .into_iter()
        .map(|name| format!("`{name}`"))
        .collect();
    let (last, before) = names.split_last()?;
    Some(match before {
        [] => format!("did you mean {last}?"),
        before => format!("did you mean {} or {last}?", before.join(", ")),
    })
}

/// The hint for an error that comes from the name of a scheme, whatever has been wrapped around it.
pub(crate) fn of_scheme(error: &anyhow::Error) -> Option<String> {
    let of = |cause: &(dyn std::error::Error + 'static)| match cause
        .downcast_ref::<InitError>()
        .or_else(|| cause.downcast_ref::<Box<InitError>>().map(Box::as_ref))
    {
        Some(InitError::UnknownScheme { name, .. }) => hint(name, Scheme::names()),
        _ => None,
    };
    error.chain().find_map(of)
}

/// Names that go on from what was given; otherwise those with the fewest slips between.
fn nearest<'a>(given: &str, known: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let mut wanted = given.trim().to_lowercase().replace(['-', ' '], "_");
    let mut meant_truncated = None;
    for (theirs, ours) in FAMILIES {
        if let Some(rest) = wanted.strip_prefix(theirs) {
            // Under these names Keras and JAX truncate the normal distribution, others do not.
            meant_truncated = Some(format!("{ours}truncated_{rest}"));
            wanted = format!("{ours}{rest}");
            break;
        }
    }
    let plain = |name: &str| name.replace('-', "_");
    let (longer, others): (Vec<&str>, Vec<&str>) = known.partition(|name| {
        wanted.len() >= 3 && plain(name).starts_with(&wanted)
            || meant_truncated.as_deref() == Some(name)
    });
    if !longer.is_empty() {
        return longer.into_iter().take(MOST).collect();
    }
    let slips = |name: &&str| damerau_levenshtein(&plain(name), &wanted);
    let Some(fewest) = others.iter().map(slips).min() else {
        return Vec::new();
    };
    // A third of the letters wrong, and it is another word.
    if fewest > wanted.chars().count().div_ceil(3) {
        return Vec::new();
    }
    let near = others.into_iter().filter(|name| slips(name) == fewest);
    near.take(MOST).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_beginnings_and_other_families_names_are_understood() {
        for (given, expected) in [
            ("kaiming_norma", "did you mean `kaiming_normal`?"),
            ("kiaming_normal", "did you mean `kaiming_normal`?"),
            ("Xavier-Normal", "did you mean `xavier_normal`?"),
            ("orthgonal", "did you mean `orthogonal`?"),
            (
                "he_normal",
                "did you mean `kaiming_normal` or `kaiming_truncated_normal`?",
            ),
            (
                "glorot_normal",
                "did you mean `xavier_normal` or `xavier_truncated_normal`?",
            ),
            (
                "kaiming",
                "did you mean `kaiming_normal`, `kaiming_uniform` or `kaiming_truncated_normal`?",
            ),
        ] {
            assert_eq!(
                hint(given, Scheme::names()).as_deref(),
                Some(expected),
                "{given}"
            );
        }
        for far in ["", "q", "resnet", "'; drop table"] {
            assert_eq!(hint(far, Scheme::names()), None, "{far}");
        }
    }

    #[test]
    fn a_scheme_is_found_below_what_is_wrapped_around_it() {
        let error = Scheme::named("kaimin_normal", &Default::default()).unwrap_err();
        let wrapped = anyhow::Error::from(error.clone()).context("rule 3");
        assert!(of_scheme(&wrapped).unwrap().contains("`kaiming_normal`"));
        let boxed = evenkeel_init::RulesError::Scheme {
            number: 1,
            pattern: "*".to_owned(),
            source: Box::new(error),
        };
        assert!(
            of_scheme(&boxed.into())
                .unwrap()
                .contains("`kaiming_normal`")
        );
        assert_eq!(of_scheme(&anyhow::anyhow!("another")), None);
    }
}
