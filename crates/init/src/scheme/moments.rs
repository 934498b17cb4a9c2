/// Mean and standard deviation of a tensor's values, as a scheme intends them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Moments {
    pub(super) mean: f64,
    pub(super) std: f64,
}

impl Moments {
    /// From the mean and the mean square.
    pub(super) fn raw(mean: f64, second: f64) -> Self {
        Self {
            mean,
            std: (second - mean * mean).max(0.0).sqrt(),
        }
    }

    /// A tensor in which the values described by each entry make up `count` elements.
    pub(super) fn pooled(parts: impl IntoIterator<Item = (usize, Self)>) -> Self {
        let (mut total, mut mean, mut second) = (0.0, 0.0, 0.0);
        for (count, part) in parts {
            let count = count as f64;
            total += count;
            mean += count * part.mean;
            second += count * (part.std * part.std + part.mean * part.mean);
        }
        Self::raw(mean / total, second / total)
    }
}
