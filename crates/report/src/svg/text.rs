//! How wide a text is, and how to make it fit.
//!
//! A report is read with the reader's own fonts, so widths can only be near: those of Helvetica
//! (Adobe's font metrics, in thousandths of an em), and a little more, since the system fonts of
//! today run wider: Segoe UI by a twentieth, DejaVu Sans by a sixth.

/// Allowance for fonts that run wider than Helvetica.
const ALLOWANCE: f64 = 1.18;

/// Advance widths of Helvetica for the characters from space to tilde.
#[rustfmt::skip]
const HELVETICA: [u16; 95] = [
    278, 278, 355, 556, 556, 889, 667, 191, 333, 333, 389, 584, 278, 333, 278, 278,
    556, 556, 556, 556, 556, 556, 556, 556, 556, 556, 278, 278, 584, 584, 584, 556,
    1015, 667, 667, 722, 722, 667, 611, 778, 722, 278, 500, 667, 556, 833, 722, 778,
    667, 778, 722, 667, 611, 722, 667, 944, 667, 667, 611, 278, 278, 278, 469, 556,
    333, 556, 556, 500, 556, 556, 278, 556, 556, 222, 222, 500, 222, 833, 556, 556,
    556, 556, 333, 500, 278, 556, 500, 722, 500, 500, 500, 334, 260, 334, 584,
];

/// The width of a text in pixels at a font size.
pub(crate) fn width(text: &str, size: f64) -> f64 {
    let ems: u32 = text.chars().map(em_thousandths).sum();
    f64::from(ems) / 1000.0 * size * ALLOWANCE
}

fn em_thousandths(c: char) -> u32 {
    match u32::from(c) {
        code @ 0x20..=0x7e => u32::from(HELVETICA[(code - 0x20) as usize]),
        0x300..=0x36f | 0x200b..=0x200f => 0,
        0x202f | 0x2009 => 200,
        // Scripts whose characters fill a square.
        0x1100..=0x11ff | 0x2e80..=0xd7a3 | 0xf900..=0xfaff | 0xff00..=0xff60 | 0x1f000.. => 1000,
        _ => 600,
    }
}

/// Whether a character turns the direction of what follows it, as an override or an isolate does.
pub(crate) fn turns_direction(c: char) -> bool {
    matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Text that XML can hold and that stays where it is put: control characters become U+FFFD, and
/// the characters that turn the direction of what follows are dropped.
pub(crate) fn clean(text: &str) -> String {
    text.chars()
        .filter(|&c| !turns_direction(c))
        .map(|c| match c {
            '\t' | '\n' | '\r' => ' ',
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => '\u{fffd}',
            c => c,
        })
        .collect()
}

/// The text, or its beginning with an ellipsis, no wider than `room`.
pub(crate) fn fit(text: &str, size: f64, room: f64) -> String {
    if width(text, size) <= room {
        return text.to_owned();
    }
    let mut short = String::new();
    for c in text.chars() {
        short.push(c);
        if width(&short, size) + width("…", size) > room {
            short.pop();
            break;
        }
    }
    short.truncate(short.trim_end().len());
    short.push('…');
    short
}

/// The text in at most `most` lines, broken at spaces, each no wider than `room`; what does not
/// fit ends in an ellipsis.
pub(crate) fn wrap(text: &str, size: f64, room: f64, most: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let mut line = String::new();
    for word in text.split_whitespace() {
        let longer = if line.is_empty() {
            word.to_owned()
        } else {
            format!("{line} {word}")
        };
        if lines.len() + 1 == most || line.is_empty() || width(&longer, size) <= room {
            line = longer;
        } else {
            lines.push(std::mem::replace(&mut line, word.to_owned()));
        }
    }
    if !line.is_empty() {
        lines.push(line);
    }
    lines.iter().map(|line| fit(line, size, room)).collect()
}

#[cfg(test)]
mod tests {
    use super::{clean, fit, width, wrap};

    #[test]
    fn width_follows_the_letters() {
        assert!(width("iiii", 12.0) < width("mmmm", 12.0) / 3.0);
        assert!((width("0", 10.0) - 5.56 * 1.18).abs() < 1e-9);
    }

    #[test]
    fn long_text_is_cut_with_an_ellipsis() {
        let short = fit(&"kaiming ".repeat(50), 12.0, 100.0);
        assert!(
            short.ends_with('…') && width(&short, 12.0) <= 100.0,
            "{short}"
        );
        assert_eq!(fit("xavier", 12.0, 100.0), "xavier");
    }

    #[test]
    fn lines_break_at_spaces() {
        let lines = wrap("fresh matrices at every product, and more", 12.0, 120.0, 2);
        assert_eq!(lines.len(), 2);
        assert!(lines[1].ends_with('…'), "{lines:?}");
    }

    #[test]
    fn characters_that_mislead_are_gone() {
        assert_eq!(clean("a\u{202e}b\u{0}c\nd"), "ab\u{fffd}c d");
    }
}
