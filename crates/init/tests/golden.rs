//! Golden values: these bits are promised. A change here is a breaking change and belongs in the
//! changelog.

use evenkeel_init::{Bounds, Convention, Distribution, Element, Seed, Stream, bf16, f16};

fn stream() -> Stream {
    Seed(42).stream("encoder.layer.0.weight")
}

/// FNV-1a over the bits of `len` values, as f64: enough to notice any change.
fn fingerprint<T: Element>(distribution: &Distribution, len: usize) -> u64 {
    let mut values = vec![T::default(); len];
    distribution.fill(&stream(), 0, &mut values).unwrap();
    values
        .iter()
        .flat_map(|x| x.to_f64().to_bits().to_le_bytes())
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3)
        })
}

fn first<T: Element>(distribution: &Distribution) -> [T; 4] {
    let mut values = [T::default(); 4];
    distribution.fill(&stream(), 0, &mut values).unwrap();
    values
}

fn distributions() -> [Distribution; 4] {
    let two_sigma = Bounds::Sigmas {
        low: -2.0,
        high: 2.0,
    };
    let skewed = Bounds::Absolute {
        low: -0.5,
        high: 3.0,
    };
    [
        Distribution::uniform(-0.1, 0.3).unwrap(),
        Distribution::normal(0.0, 1.0).unwrap(),
        Distribution::truncated_normal(0.0, 0.02, two_sigma, Convention::Resulting).unwrap(),
        Distribution::truncated_normal(0.25, 0.5, skewed, Convention::Parent).unwrap(),
    ]
}

#[test]
fn streams_are_frozen() {
    assert_eq!(stream().block(0), STREAM);
    assert_eq!(stream().derive("signs").block(0), DERIVED);
    assert_eq!(Seed(0).stream("").block(0), EMPTY);
}

#[test]
fn first_values_are_frozen() {
    let [uniform, normal, truncated, _] = distributions();
    assert_eq!(first::<f32>(&uniform), UNIFORM_F32);
    assert_eq!(first::<f32>(&normal), NORMAL_F32);
    assert_eq!(first::<f32>(&truncated), TRUNCATED_F32);
    assert_eq!(first::<f64>(&uniform), UNIFORM_F64);
    assert_eq!(first::<f64>(&normal), NORMAL_F64);
    assert_eq!(first::<f64>(&truncated), TRUNCATED_F64);
}

#[test]
fn long_fills_are_frozen() {
    // Long enough that tails beyond the table of octaves occur.
    const LEN: usize = 200_000;
    for (distribution, expected) in distributions().iter().zip(FINGERPRINTS) {
        let got = [
            fingerprint::<f64>(distribution, LEN),
            fingerprint::<f32>(distribution, LEN),
            fingerprint::<bf16>(distribution, LEN),
            fingerprint::<f16>(distribution, LEN),
        ];
        assert_eq!(got, expected, "{distribution:?}: {got:#x?}");
    }
}

#[test]
fn lower_precision_is_the_f32_value_rounded() {
    for distribution in distributions() {
        let mut singles = vec![0.0_f32; 100_000];
        let mut brains = vec![bf16::ZERO; singles.len()];
        let mut halves = vec![f16::ZERO; singles.len()];
        distribution.fill(&stream(), 0, &mut singles).unwrap();
        distribution.fill(&stream(), 0, &mut brains).unwrap();
        distribution.fill(&stream(), 0, &mut halves).unwrap();
        let (mut kept_in, low, high) = (
            0,
            brains.iter().copied().fold(bf16::MAX, bf16::min),
            brains.iter().copied().fold(bf16::MIN, bf16::max),
        );
        for ((single, brain), half) in singles.iter().zip(&brains).zip(&halves) {
            if bf16::from_f32(*single) != *brain {
                // Only at the outermost values: rounding would have left the interval.
                assert!(*brain == low || *brain == high, "{single} became {brain}");
                kept_in += 1;
            }
            let error = (half.to_f64() - f64::from(*single)).abs();
            let spacing = f64::from(*single).abs().max(6.2e-5) / 1024.0;
            assert!(error <= spacing, "{single} became {half}");
        }
        // At most half a bf16 cell at each end: 2^-9 of the bound, against the interval's width.
        assert!(
            kept_in <= singles.len() / 100,
            "{distribution:?}: {kept_in} kept in"
        );
    }
}

const STREAM: [u32; 4] = [0xf41e_f6b9, 0x7a58_792f, 0x1fc7_f1a0, 0xa0d6_3f70];
const DERIVED: [u32; 4] = [0x7854_ad26, 0xae8e_23de, 0x0aa5_7485, 0xd39f_4af6];
const EMPTY: [u32; 4] = [0xdefa_b354, 0x7288_87f5, 0x969e_e2fe, 0x0301_6ab6];
const UNIFORM_F32: [f32; 4] = [0.28143898, 0.091165, -0.050342143, 0.15130767];
const NORMAL_F32: [f32; 4] = [1.680783, -0.055393476, -1.1545144, 0.32727265];
const TRUNCATED_F32: [f32; 4] = [0.034064367, -0.0012021171, -0.024436243, 0.0070911227];
const UNIFORM_F64: [f64; 4] = [
    0.0911649987058339,
    0.15130766482317304,
    0.21745209407182947,
    0.047869914256359426,
];
const NORMAL_F64: [f64; 4] = [
    -0.055393475658381375,
    0.3272726509097624,
    0.8190821774413063,
    -0.33271480714466806,
];
const TRUNCATED_F64: [f64; 4] = [
    -0.0012021170903526491,
    0.007091123077180839,
    0.017578053546085347,
    -0.007208641297499949,
];
/// f64, f32, bf16, f16 of each distribution.
const FINGERPRINTS: [[u64; 4]; 4] = [
    [
        0x6d1c_f609_6dc8_aa2a,
        0xd95f_297d_210b_27f9,
        0xbe58_84a2_17ee_8be2,
        0x510f_46ba_8f1a_4346,
    ],
    [
        0x5a37_f3c0_60b1_a44b,
        0xcbf8_bcd6_fc06_2aa9,
        0xe424_edc5_e441_ac86,
        0xd235_7d79_31aa_0133,
    ],
    [
        0x925a_214d_f5a3_9384,
        0xa433_f895_af17_25a4,
        0xe4e7_0d74_363d_5d14,
        0x844d_a6ae_bd20_f209,
    ],
    [
        0x09ae_fe2d_8152_09fb,
        0x9f1f_138c_f474_d5fb,
        0x3d86_b4cf_de86_88ab,
        0x6f76_211a_f868_c940,
    ],
];
