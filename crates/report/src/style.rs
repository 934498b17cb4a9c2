//! The figures' style sheet, one for the page and for files that stand alone.

use std::fmt::Write as _;

use crate::palette::{SWATCHES, Swatch, TOKENS};

/// Whose colours a figure takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Theme {
    /// Light or dark, as the reader's system is set.
    Reader,
    /// Dark lines on white paper.
    Light,
    /// Light lines on dark paper.
    Dark,
}

/// System fonts, so that no file need carry one.
pub(crate) const SANS: &str =
    "system-ui,-apple-system,\"Segoe UI\",Roboto,\"Helvetica Neue\",Arial,sans-serif";

/// The rules, with `$name` for a colour. Sizes are in the units of the drawing.
const RULES: &str = "\
.fig{font-family:@sans;font-size:12px;font-variant-numeric:tabular-nums}
.fig text{fill:$ink-2;unicode-bidi:isolate}
.fig .head{font-size:17px;font-weight:600;fill:$ink}
.fig .sub{font-size:13px}
.fig .over{fill:$ink-3}
.fig .panel{font-size:13px;font-weight:600;fill:$ink}
.fig .tick{fill:$ink-3}
.fig .power{font-size:8.5px}
.fig .strong{font-weight:600}
.fig .end{text-anchor:end}
.fig .mid{text-anchor:middle}
.fig .halo{paint-order:stroke;stroke:$paper;stroke-width:4px;stroke-linejoin:round}
.fig .paper{fill:$paper}
.fig .grid{stroke:$rule;stroke-width:1}
.fig .axis{stroke:$ink-3;stroke-width:1}
.fig .unit{stroke:$ink-3;stroke-width:1;stroke-opacity:.6}
.fig .limit{stroke:$ink-3;stroke-width:1;stroke-dasharray:2 3}
.fig .line{fill:none;stroke-width:2;stroke-linejoin:round;stroke-linecap:round}
.fig .seed{fill:none;stroke-width:1.25;stroke-opacity:.85;stroke-linejoin:round}
.fig .dash-1{stroke-dasharray:7 3}
.fig .dash-2{stroke-dasharray:2 3}
.fig .dash-3{stroke-dasharray:9 3 2 3}
.fig .dense{fill:none;stroke-width:.7;stroke-opacity:.6;stroke-linejoin:round}
.fig .drop{fill:none;stroke-width:1.1;stroke-dasharray:1.5 3}
.fig .leader{fill:none;stroke-width:.8;stroke-opacity:.6}
.fig .predicted{fill:none;stroke:$ink;stroke-width:1.2;stroke-dasharray:4 5}
.fig .cell{stroke:$paper;stroke-width:1}
.fig .frame{fill:none;stroke:$rule;stroke-width:1}
.fig .trace{fill:none;stroke:$ink;stroke-width:1.8;stroke-linejoin:round}
.fig .trace-halo{fill:none;stroke:$paper;stroke-width:5;stroke-opacity:.8;stroke-linejoin:round}
.fig .band{fill-opacity:.16}
.fig .key-band{fill:$ink;fill-opacity:.14}
.fig .healthy{fill:$good;fill-opacity:.09}
.fig .key-healthy{fill:$good;fill-opacity:.2}
.fig .left{fill:$paper;stroke-width:1.8}
.fig .key-line{fill:none;stroke:$ink-3;stroke-width:1.6}
.fig .ridge{fill-opacity:.3;stroke-width:1.2;stroke-linejoin:round}
.fig .ridge-line{fill:$paper;stroke-width:.9;stroke-linejoin:round}
.fig .lane{fill-opacity:.1}
.fig .lane-bar{stroke-width:3;stroke-linecap:round}
.fig .z-f{fill:$zero}.fig .z-s{stroke:$zero}
.fig .i-f{fill:$infinity}.fig .i-s{stroke:$infinity}
.fig .n-f{fill:$nan}.fig .n-s{stroke:$nan}
.fig .heat{fill:$heat}
.fig .bars{fill-opacity:.5;stroke-width:1}
.fig .law{fill:$ink;stroke:$paper;stroke-width:1.2}
.fig .guide{stroke:$ink-2;stroke-width:1.2;stroke-dasharray:6 4}
.fig .learnt{fill:$ink;stroke:$paper;stroke-width:1.2}
.fig .lost{fill:$paper;stroke:$ink;stroke-width:1.4}
.fig .minus{fill:$zero}
.fig .hit{fill:none;pointer-events:all}
.fig .pixels{image-rendering:pixelated}
.fig .tile{fill:$ink;fill-opacity:.05}
.fig .dots{fill:$ink}
";

/// The rules with their colours for a theme; for [`Theme::Reader`] the colours are the custom
/// properties that [`properties`] sets.
pub(crate) fn rules(theme: Theme) -> String {
    let mut text = RULES.to_owned();
    for s in &SWATCHES {
        let _ = writeln!(
            text,
            ".fig .s-{0}{{stroke:$i-{0}}}.fig .f-{0}{{fill:$i-{0}}}",
            s.key
        );
    }
    let mut colours: Vec<(String, String)> = named()
        .map(|(name, s)| {
            let value = match theme {
                Theme::Reader => format!("var(--{name})"),
                Theme::Light => s.light.to_owned(),
                Theme::Dark => s.dark.to_owned(),
            };
            (format!("${name}"), value)
        })
        .collect();
    // `$ink-2` before `$ink`, or the shorter name would eat the longer one's beginning.
    colours.sort_by_key(|(name, _)| std::cmp::Reverse(name.len()));
    for (name, value) in &colours {
        text = text.replace(name, value);
    }
    text.replace("@sans", SANS)
}

/// The custom properties of every colour, light by default and dark where the reader asks for it.
pub(crate) fn properties() -> String {
    let list = |pick: fn(&Swatch) -> &'static str| {
        named().fold(String::new(), |mut text, (name, s)| {
            let _ = write!(text, "--{name}:{};", pick(s));
            text
        })
    };
    format!(
        ":root{{color-scheme:light dark;{}}}\n@media screen and (prefers-color-scheme:dark){{:root{{{}}}}}\n",
        list(|s| s.light),
        list(|s| s.dark)
    )
}

/// The style sheet of a file that stands alone.
pub(crate) fn standalone(theme: Theme) -> String {
    match theme {
        Theme::Reader => properties() + &rules(theme),
        Theme::Light | Theme::Dark => rules(theme),
    }
}

/// Every colour with its property's name: `ink`, …, `i-kaiming`, ….
fn named() -> impl Iterator<Item = (String, &'static Swatch)> {
    let tokens = TOKENS.iter().map(|s| (s.key.to_owned(), s));
    tokens.chain(SWATCHES.iter().map(|s| (format!("i-{}", s.key), s)))
}

#[cfg(test)]
mod tests {
    use super::{Theme, rules, standalone};

    #[test]
    fn a_fixed_theme_has_literal_colours_only() {
        for theme in [Theme::Light, Theme::Dark] {
            let sheet = standalone(theme);
            assert!(
                !sheet.contains("var(") && !sheet.contains('$') && !sheet.contains('@'),
                "{sheet}"
            );
        }
    }

    #[test]
    fn every_colour_of_the_readers_theme_is_set_in_both() {
        let sheet = standalone(Theme::Reader);
        for name in rules(Theme::Reader)
            .split("var(--")
            .skip(1)
            .filter_map(|s| s.split(')').next())
        {
            assert_eq!(sheet.matches(&format!("--{name}:#")).count(), 2, "{name}");
        }
    }
}
