//! Labels beside the ends of lines, moved apart just enough.

/// Where labels go: each as near its wish as can be, in the order of the wishes, none overlapping
/// another, all within `(top, bottom)` where they fit at all.
///
/// Takes pairs of (wished centre, height) and returns centres in the order given.
pub(crate) fn dodge(wishes: &[(f64, f64)], (top, bottom): (f64, f64)) -> Vec<f64> {
    let mut order: Vec<usize> = (0..wishes.len()).collect();
    order.sort_by(|&a, &b| wishes[a].0.total_cmp(&wishes[b].0));

    // Neighbours that would overlap form a block, which centres on the mean of its wishes.
    let mut blocks: Vec<Block> = Vec::new();
    for &i in &order {
        let (centre, height) = wishes[i];
        let mut block = Block {
            members: vec![i],
            height,
            start_sum: centre - height / 2.0,
        };
        block.settle(top, bottom);
        while let Some(above) = blocks.last() {
            if above.start() + above.height <= block.start() + 1e-9 {
                break;
            }
            block = blocks
                .pop()
                .map_or(block.clone(), |above| above.joined(&block));
            block.settle(top, bottom);
        }
        blocks.push(block);
    }

    let mut centres = vec![0.0; wishes.len()];
    for block in &blocks {
        let mut y = block.start();
        for &i in &block.members {
            centres[i] = y + wishes[i].1 / 2.0;
            y += wishes[i].1;
        }
    }
    centres
}

#[derive(Clone, Debug)]
struct Block {
    members: Vec<usize>,
    height: f64,
    /// Sum over the members of where the block would start if that member had its wish.
    start_sum: f64,
}

impl Block {
    fn start(&self) -> f64 {
        self.start_sum / self.members.len() as f64
    }

    fn joined(mut self, below: &Self) -> Self {
        self.start_sum += below.start_sum - self.height * below.members.len() as f64;
        self.height += below.height;
        self.members.extend(&below.members);
        self
    }

    fn settle(&mut self, top: f64, bottom: f64) {
        let start = self.start().min(bottom - self.height).max(top);
        self.start_sum = start * self.members.len() as f64;
    }
}

#[cfg(test)]
mod tests {
    use super::dodge;

    #[test]
    fn labels_with_room_stay_where_they_wish() {
        assert_eq!(
            dodge(&[(50.0, 14.0), (10.0, 14.0)], (0.0, 100.0)),
            [50.0, 10.0]
        );
    }

    #[test]
    fn crowded_labels_spread_around_their_mean_and_stay_inside() {
        let placed = dodge(&[(50.0, 10.0), (50.0, 10.0), (51.5, 10.0)], (0.0, 100.0));
        assert_eq!(placed, [40.5, 50.5, 60.5]);
        let at_bottom = dodge(&[(99.0, 10.0), (98.0, 10.0)], (0.0, 100.0));
        assert_eq!(at_bottom, [95.0, 85.0]);
    }
}
