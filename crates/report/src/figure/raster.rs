//! A figure as PNG: its own SVG, drawn by resvg with letters that travel with the crate.
//!
//! The letters are a subset of Fira Sans, and of DejaVu Sans for the signs that it lacks, so that
//! a picture does not depend on the fonts of a machine. The licences stand beside them.

use std::sync::{Arc, OnceLock};

use resvg::usvg::fontdb::Database;
use resvg::usvg::{self, Options};
use resvg::{render, tiny_skia};
use tiny_skia::{Pixmap, Transform};

use crate::ReportError;

/// The name under which the letters are embedded: the licences ask for one of our own.
const FAMILY: &str = "Evenkeel Sans";

static LETTERS: [&[u8]; 3] = [
    include_bytes!("../../fonts/sans-regular.ttf"),
    include_bytes!("../../fonts/sans-medium.ttf"),
    include_bytes!("../../fonts/symbols.ttf"),
];

/// The most pixels along a side: 16384² of four bytes are a gigabyte.
const LONGEST_SIDE: f64 = 16_384.0;

/// Draws a file of SVG whose colours are literal, `scale` pixels to a unit.
pub(super) fn png(
    svg: &str,
    (width, height): (f64, f64),
    scale: f64,
) -> Result<Vec<u8>, ReportError> {
    let (wide, tall) = ((width * scale).ceil(), (height * scale).ceil());
    let fits = |side: f64| (1.0..=LONGEST_SIDE).contains(&side);
    if !(fits(wide) && fits(tall)) {
        return Err(ReportError::Scale {
            scale,
            most: LONGEST_SIDE / width.max(height),
        });
    }
    let failed = |reason: String| ReportError::Raster { reason };
    let options = Options {
        font_family: FAMILY.to_owned(),
        fontdb: letters(),
        ..Options::default()
    };
    let tree = usvg::Tree::from_str(svg, &options).map_err(|e| failed(e.to_string()))?;
    let mut pixels = Pixmap::new(wide as u32, tall as u32)
        .ok_or_else(|| failed("no memory for its pixels".to_owned()))?;
    let scale = scale as f32;
    render(
        &tree,
        Transform::from_scale(scale, scale),
        &mut pixels.as_mut(),
    );
    pixels.encode_png().map_err(|e| failed(e.to_string()))
}

/// The embedded letters, read once; `sans-serif` means them too.
fn letters() -> Arc<Database> {
    static DATABASE: OnceLock<Arc<Database>> = OnceLock::new();
    Arc::clone(DATABASE.get_or_init(|| {
        let mut database = Database::new();
        for font in LETTERS {
            database.load_font_source(usvg::fontdb::Source::Binary(Arc::new(font)));
        }
        database.set_sans_serif_family(FAMILY);
        Arc::new(database)
    }))
}
