//! One colour an initialisation, everywhere the same.
//!
//! The colours were searched for in OKLCH so that, in each theme, every one has a contrast of at
//! least 4.5 : 1 against the paper (WCAG AA for text, since lines are labelled in their own
//! colour) and any two stay at least 11 CIELAB units apart for readers with full colour vision,
//! with protanopia and with deuteranopia (Machado, Oliveira & Fernandes 2009, severity 1). The
//! tests below compute both.

/// A colour of the palette: its class name and its value on light and on dark paper.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Swatch {
    /// The part of the class name after `s-` (stroke) and `f-` (fill).
    pub(crate) key: &'static str,
    pub(crate) light: &'static str,
    pub(crate) dark: &'static str,
}

const fn swatch(key: &'static str, light: &'static str, dark: &'static str) -> Swatch {
    Swatch { key, light, dark }
}

/// Every colour: the named initialisations first, then those for keys without a name here.
pub(crate) const SWATCHES: [Swatch; 9] = [
    swatch("naive", "#992800", "#e0714f"),
    swatch("small", "#5b1f7a", "#a873ff"),
    swatch("xavier", "#2e70dd", "#70c4fd"),
    swatch("kaiming", "#037f55", "#62f3b6"),
    swatch("pytorch", "#a26900", "#eaac00"),
    swatch("orthogonal", "#cc3797", "#f4509f"),
    swatch("fixup", "#37484e", "#bbdce6"),
    swatch("other-1", "#538135", "#bce17f"),
    swatch("other-2", "#4221b2", "#847edc"),
];

/// How many colours at the end of [`SWATCHES`] belong to no named initialisation.
const SPARE: usize = 2;

/// The colour of an initialisation: by name, by a synonym, or else one that depends on the
/// name's letters alone, so that it is the same in every figure and every run.
pub(crate) fn swatch_of(init: &str) -> Swatch {
    let key = init.to_lowercase();
    let name = match key.as_str() {
        "unscaled" => "naive",
        "glorot" | "normalized" | "normalised" => "xavier",
        "he" => "kaiming",
        // U(±1/√fan_in), the "standard" of Glorot & Bengio 2010, is what PyTorch still draws.
        "standard" | "default" | "lecun" => "pytorch",
        // Recipes, seven of which share a figure: by the weights that they begin with where that
        // tells them apart.
        "rezero" => "xavier",
        "lsuv" => "orthogonal",
        "skipinit" => "pytorch",
        "batch-norm" => "small",
        other => other,
    };
    let named = SWATCHES.len() - SPARE;
    SWATCHES[..named]
        .iter()
        .find(|s| s.key == name)
        .copied()
        .unwrap_or_else(|| SWATCHES[named + (fnv1a(name) % SPARE as u64) as usize])
}

/// FNV-1a, 64 bits: offset basis and prime as published by Fowler, Noll and Vo.
fn fnv1a(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |h, b| {
        (h ^ u64::from(b)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

/// The colours that carry no initialisation.
pub(crate) const TOKENS: [Swatch; 11] = [
    swatch("paper", "#ffffff", "#14171c"),
    swatch("ink", "#16191d", "#eceff3"),
    swatch("ink-2", "#4a525c", "#b4bcc6"),
    swatch("ink-3", "#69727d", "#8f99a5"),
    swatch("rule", "#e4e7eb", "#2b3038"),
    swatch("zero", "#3f6796", "#82aee0"),
    swatch("infinity", "#b3122e", "#ff6b7d"),
    swatch("nan", "#7a3e9d", "#d19bf0"),
    swatch("good", "#0a7048", "#5fd6a0"),
    swatch("warn", "#a3470b", "#f2a365"),
    // The full end of heat maps; the other is the paper.
    swatch("heat", "#0b2f66", "#dbe9ff"),
];

#[cfg(test)]
mod tests {
    use super::{SWATCHES, TOKENS, swatch_of};

    fn linear(hex: &str) -> [f64; 3] {
        [1, 3, 5].map(|i| {
            let c = f64::from(u8::from_str_radix(&hex[i..i + 2], 16).unwrap()) / 255.0;
            if c <= 0.04045 {
                c / 12.92
            } else {
                libm::pow((c + 0.055) / 1.055, 2.4)
            }
        })
    }

    fn contrast(a: &str, b: &str) -> f64 {
        let luminance = |hex| {
            let [r, g, b] = linear(hex);
            0.2126 * r + 0.7152 * g + 0.0722 * b
        };
        let (a, b): (f64, f64) = (luminance(a), luminance(b));
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    type Matrix = [[f64; 3]; 3];
    /// Full vision, protanopia and deuteranopia: Machado et al. 2009, table of severity 1.0.
    const VISIONS: [Matrix; 3] = [
        [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]],
        [
            [0.152286, 1.052583, -0.204868],
            [0.114503, 0.786281, 0.099216],
            [-0.003882, -0.048116, 1.051998],
        ],
        [
            [0.367322, 0.860646, -0.227968],
            [0.280085, 0.672501, 0.047413],
            [-0.011820, 0.042940, 0.968881],
        ],
    ];

    fn lab(hex: &str, vision: &Matrix) -> [f64; 3] {
        let c = linear(hex);
        let [r, g, b] =
            vision.map(|row| (row[0] * c[0] + row[1] * c[1] + row[2] * c[2]).clamp(0.0, 1.0));
        let f = |t: f64| {
            if t > 0.008856 {
                libm::cbrt(t)
            } else {
                7.787 * t + 16.0 / 116.0
            }
        };
        let x = f((0.4124 * r + 0.3576 * g + 0.1805 * b) / 0.95047);
        let y = f(0.2126 * r + 0.7152 * g + 0.0722 * b);
        let z = f((0.0193 * r + 0.1192 * g + 0.9505 * b) / 1.08883);
        [116.0 * y - 16.0, 500.0 * (x - y), 200.0 * (y - z)]
    }

    #[test]
    fn every_colour_is_readable_as_text_on_its_paper() {
        for s in SWATCHES
            .iter()
            .chain(&TOKENS)
            .filter(|s| !["paper", "rule"].contains(&s.key))
        {
            for (colour, paper) in [(s.light, TOKENS[0].light), (s.dark, TOKENS[0].dark)] {
                let ratio = contrast(colour, paper);
                assert!(ratio >= 4.5, "{} {colour} on {paper}: {ratio:.2}", s.key);
            }
        }
    }

    #[test]
    fn any_two_colours_stay_apart_for_colour_blind_readers() {
        for theme in [|s: &super::Swatch| s.light, |s: &super::Swatch| s.dark] {
            for (i, a) in SWATCHES.iter().enumerate() {
                for b in &SWATCHES[..i] {
                    for vision in &VISIONS {
                        let (p, q) = (lab(theme(a), vision), lab(theme(b), vision));
                        let distance = p
                            .iter()
                            .zip(q)
                            .map(|(p, q)| (p - q) * (p - q))
                            .sum::<f64>()
                            .sqrt();
                        assert!(distance > 11.0, "{} and {}: {distance:.1}", a.key, b.key);
                    }
                }
            }
        }
    }

    /// The ramp from paper to full heat is even to the eye: each tenth of it changes the lightness L*
    /// by a tenth of the whole, to within a third of that, for every vision.
    #[test]
    fn heat_rises_evenly_in_lightness() {
        let heat = TOKENS.iter().find(|s| s.key == "heat").unwrap();
        for (full, paper) in [(heat.light, TOKENS[0].light), (heat.dark, TOKENS[0].dark)] {
            let byte =
                |hex: &str, i: usize| f64::from(u8::from_str_radix(&hex[i..i + 2], 16).unwrap());
            let mixed = |share: f64| {
                let [r, g, b] = [1, 3, 5].map(|i| {
                    (byte(paper, i) + share * (byte(full, i) - byte(paper, i))).round() as u8
                });
                format!("#{r:02x}{g:02x}{b:02x}")
            };
            for vision in &VISIONS {
                let lightness: Vec<f64> = (0..=10)
                    .map(|i| lab(&mixed(f64::from(i) / 10.0), vision)[0])
                    .collect();
                let whole = lightness[10] - lightness[0];
                assert!(whole.abs() > 70.0, "{whole}");
                for pair in lightness.windows(2) {
                    let step = (pair[1] - pair[0]) / whole;
                    assert!((0.067..=0.133).contains(&step), "{full}: {step:.3}");
                }
            }
        }
    }

    #[test]
    fn an_initialisation_keeps_its_colour() {
        assert_eq!(swatch_of("He").key, "kaiming");
        assert_eq!(swatch_of("standard").key, "pytorch");
        assert_eq!(swatch_of("sparse"), swatch_of("sparse"));
        assert!(swatch_of("<script>").key.starts_with("other-"));
    }
}
