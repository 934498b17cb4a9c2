//! The characters that the terminal can show.

use std::borrow::Cow;
use std::env;
use std::sync::OnceLock;

/// Which characters are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Glyphs {
    /// All of them.
    Unicode,
    /// ASCII alone, for another locale and for terminals whose fonts lack the rest.
    Ascii,
}

/// What standard output can show.
pub(crate) fn glyphs() -> Glyphs {
    static GLYPHS: OnceLock<Glyphs> = OnceLock::new();
    *GLYPHS.get_or_init(|| {
        let set = |name: &str| env::var(name).ok().filter(|value| !value.is_empty());
        // POSIX's order: the first that is set decides.
        let locale = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().find_map(set);
        let terminal = set("TERM").filter(|_| console::Term::stdout().is_term());
        Glyphs::of(locale.as_deref(), terminal.as_deref())
    })
}

impl Glyphs {
    /// By the locale, which where none is set says nothing (containers set none and show UTF-8), and by
    /// the terminal: Linux's own console and the old ones have no blocks in their fonts.
    fn of(locale: Option<&str>, terminal: Option<&str>) -> Self {
        let locale = locale.map(str::to_ascii_lowercase);
        let utf8 = locale.is_none_or(|l| l.contains("utf-8") || l.contains("utf8"));
        let poor = terminal.is_some_and(|t| t == "linux" || t == "ansi" || t.starts_with("vt"));
        if utf8 && !poor {
            Self::Unicode
        } else {
            Self::Ascii
        }
    }

    /// A text in these characters. To be asked before the text is wrapped: it may become longer.
    pub(crate) fn text(self, text: &str) -> Cow<'_, str> {
        if self == Self::Unicode || text.is_ascii() {
            return text.into();
        }
        let mut out = String::with_capacity(text.len() + 8);
        let mut script = Script::Line;
        for c in text.chars() {
            let (next, plain) = plain(c);
            if next != script {
                out.push_str(next.mark());
            }
            script = next;
            match plain {
                Some(plain) => out.push_str(plain),
                None if c.is_ascii() => out.push(c),
                None => out.push('?'),
            }
        }
        out.into()
    }
}

/// Where a character stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Script {
    Line,
    Raised,
    Lowered,
}

impl Script {
    /// What says that characters of this kind begin.
    fn mark(self) -> &'static str {
        match self {
            Self::Line => "",
            Self::Raised => "^",
            Self::Lowered => "_",
        }
    }
}

/// What is written for a character beyond ASCII that our texts use.
fn plain(c: char) -> (Script, Option<&'static str>) {
    const DIGITS: [&str; 10] = ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"];
    let digit = |index: Option<usize>| index.map(|index| DIGITS[index]);
    if let Some(raised) = digit("⁰¹²³⁴⁵⁶⁷⁸⁹".chars().position(|d| d == c)) {
        return (Script::Raised, Some(raised));
    }
    if let Some(lowered) = digit("₀₁₂₃₄₅₆₇₈₉".chars().position(|d| d == c)) {
        return (Script::Lowered, Some(lowered));
    }
    if c == '⁻' {
        return (Script::Raised, Some("-"));
    }
    let text = match c {
        '−' | '–' | '—' | '─' => "-",
        '·' => "*",
        '✓' => "+",
        '✗' => "x",
        '×' => "x",
        '±' => "+-",
        '÷' => "/",
        '√' => "sqrt ",
        '½' => "1/2",
        '∞' => "inf",
        '≤' => "<=",
        '≥' => ">=",
        '≈' => "~",
        '→' => "->",
        '←' => "<-",
        '…' => "...",
        '′' | '‘' | '’' => "'",
        '“' | '”' => "\"",
        'α' => "alpha",
        'χ' => "chi",
        'ξ' => "xi",
        'π' => "pi",
        'φ' => "phi",
        'σ' => "sigma",
        'μ' => "mu",
        '∇' => "grad",
        'é' | 'è' => "e",
        'ä' => "a",
        'ö' => "o",
        'ü' => "u",
        '\u{a0}' | '\u{202f}' | '\u{2009}' => " ",
        _ => return (Script::Line, None),
    };
    (Script::Line, Some(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_locale_and_the_terminal_decide() {
        use Glyphs::{Ascii, Unicode};
        for (locale, terminal, expected) in [
            (None, None, Unicode),
            (Some("en_GB.UTF-8"), Some("xterm-256color"), Unicode),
            (Some("C.utf8"), Some("dumb"), Unicode),
            (Some("C"), None, Ascii),
            (Some("POSIX"), Some("xterm"), Ascii),
            (Some("de_DE.ISO-8859-1"), None, Ascii),
            (Some("en_GB.UTF-8"), Some("linux"), Ascii),
            (None, Some("vt220"), Ascii),
        ] {
            assert_eq!(
                Glyphs::of(locale, terminal),
                expected,
                "{locale:?} {terminal:?}"
            );
        }
    }

    #[test]
    fn formulas_stay_readable() {
        for (text, ascii) in [
            ("σ_w² = 1.75 (χ₁ < 1)", "sigma_w^2 = 1.75 (chi_1 < 1)"),
            ("√(n/2π) ± 3·10⁻³⁸", "sqrt (n/2pi) +- 3*10^-38"),
            ("−0.5 → ∞", "-0.5 -> inf"),
            ("宽", "?"),
        ] {
            assert_eq!(Glyphs::Ascii.text(text), ascii);
            assert!(Glyphs::Ascii.text(text).is_ascii());
            assert_eq!(Glyphs::Unicode.text(text), text);
        }
    }
}
