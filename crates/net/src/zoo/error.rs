//! What can be wrong with the numbers that ask for a network.

use crate::graph::GraphError;

/// Why a network of the zoo cannot be built.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ZooError {
    /// The depth is none that this kind of network has.
    #[error("a {net} has no depth of {got}: {rule}; the nearest are {below} and {above}")]
    Depth {
        /// The kind of network.
        net: &'static str,
        /// The depth asked for.
        got: usize,
        /// Which depths there are.
        rule: &'static str,
        /// The nearest below, or the least there is.
        below: usize,
        /// The nearest above.
        above: usize,
    },
    /// A layer cannot be, or two do not chain.
    #[error(transparent)]
    Graph(#[from] GraphError),
}

/// How many blocks of `each` layers leave a net of `depth` layers with `around` others.
pub(super) fn blocks(
    net: &'static str,
    depth: usize,
    around: usize,
    each: usize,
    rule: &'static str,
) -> Result<usize, ZooError> {
    let refused = |below: usize| ZooError::Depth {
        net,
        got: depth,
        rule,
        below,
        above: below.saturating_add(each),
    };
    match depth.checked_sub(around + each) {
        None => Err(refused(around + each)),
        Some(rest) if rest.is_multiple_of(each) => Ok(rest / each + 1),
        Some(rest) => Err(refused(depth - rest % each)),
    }
}

#[cfg(test)]
mod tests {
    use super::blocks;

    #[test]
    fn the_nearest_depths_are_named() {
        assert_eq!(blocks("x", 20, 2, 6, "6n + 2"), Ok(3));
        assert_eq!(blocks("x", 8, 2, 6, "6n + 2"), Ok(1));
        let message = |depth| blocks("x", depth, 2, 6, "6n + 2").unwrap_err().to_string();
        assert_eq!(
            message(25),
            "a x has no depth of 25: 6n + 2; the nearest are 20 and 26"
        );
        assert!(message(0).ends_with("8 and 14"), "{}", message(0));
        assert!(message(7).ends_with("8 and 14"), "{}", message(7));
    }
}
