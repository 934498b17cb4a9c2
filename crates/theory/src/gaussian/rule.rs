//! The 21-point Gauss–Kronrod rule.
//!
//! # Source
//! R. Piessens and others, QUADPACK (1983), routine QK21. The 10-point Gauss rule inside it is
//! exact to degree 19, the 21 points together to degree 31.

/// Nodes on (0, 1], outermost first; the rule is symmetric, and the last node is the centre. Nodes
/// with odd index belong to the Gauss rule too.
pub(super) const NODES: [f64; 11] = [
    0.995_657_163_025_808_1,
    0.973_906_528_517_171_7,
    0.930_157_491_355_708_2,
    0.865_063_366_688_984_5,
    0.780_817_726_586_416_9,
    0.679_409_568_299_024_4,
    0.562_757_134_668_604_7,
    0.433_395_394_129_247_2,
    0.294_392_862_701_460_2,
    0.148_874_338_981_631_22,
    0.0,
];

/// Kronrod weights of [`NODES`].
pub(super) const KRONROD: [f64; 11] = [
    0.011_694_638_867_371_874,
    0.032_558_162_307_964_725,
    0.054_755_896_574_351_995,
    0.075_039_674_810_919_96,
    0.093_125_454_583_697_6,
    0.109_387_158_802_297_64,
    0.123_491_976_262_065_84,
    0.134_709_217_311_473_34,
    0.142_775_938_577_060_09,
    0.147_739_104_901_338_49,
    0.149_445_554_002_916_9,
];

/// Gauss weights of the nodes with odd index.
pub(super) const GAUSS: [f64; 5] = [
    0.066_671_344_308_688_14,
    0.149_451_349_150_580_6,
    0.219_086_362_515_982_04,
    0.269_266_719_309_996_35,
    0.295_524_224_714_752_87,
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_rule_is_exact_to_its_degree() {
        for degree in (0..=30).step_by(2) {
            let exact = 2.0 / (f64::from(degree) + 1.0);
            let power = |x: f64| libm::pow(x, f64::from(degree));
            let mut kronrod = KRONROD[10] * power(0.0);
            let mut gauss = 0.0;
            for i in 0..10 {
                kronrod += 2.0 * KRONROD[i] * power(NODES[i]);
                if i % 2 == 1 {
                    gauss += 2.0 * GAUSS[i / 2] * power(NODES[i]);
                }
            }
            assert!((kronrod - exact).abs() < 1e-15, "Kronrod, degree {degree}");
            assert_eq!(
                (gauss - exact).abs() < 1e-15,
                degree <= 18,
                "Gauss, degree {degree}"
            );
        }
    }
}
