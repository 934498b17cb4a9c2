//! Files that a reader saves from the page.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;
use std::thread::sleep;
use std::time::{Duration, Instant};

use serde_json::json;

use crate::driver::{Browser, Theme};

/// The figure that is saved.
const FIGURE: &str = "xavier-depth-forward";

/// Saves one figure in every way and reads what came.
pub(crate) fn check(browser: &Browser, theme: Theme) {
    let svg = saved(browser, theme, "SVG", "svg");
    let text = String::from_utf8(svg).unwrap();
    let drawing = roxmltree::Document::parse(&text).unwrap_or_else(|e| panic!("{e}: {text}"));
    let root = drawing.root_element();
    let side = |name: &str| root.attribute(name).unwrap().parse::<f64>().unwrap();
    let (width, height) = (side("width"), side("height"));
    assert!(width > 700.0 && height > 200.0, "{width} × {height}");
    // It stands alone: its colours are colours, and what served the pointer is gone.
    for absent in ["var(", "class=\"hit\"", "class=\"lit\""] {
        assert!(!text.contains(absent), "{absent} in the file");
    }
    let paper = match theme {
        Theme::Light => "fill:#ffffff",
        Theme::Dark => "fill:#14171c",
    };
    assert!(
        text.contains(paper),
        "the colours are not those of {theme:?}"
    );
    let words: String = drawing
        .descendants()
        .filter(|n| n.has_tag_name("text"))
        .filter_map(|n| n.text())
        .collect();
    assert!(
        words.contains("Xavier") && words.contains("layer"),
        "{words}"
    );

    let png = saved(browser, theme, "PNG", "png");
    let mut picture = png::Decoder::new(std::io::Cursor::new(&png))
        .read_info()
        .unwrap();
    let mut pixels = vec![0; picture.output_buffer_size().unwrap()];
    let info = picture.next_frame(&mut pixels).unwrap();
    assert_eq!(
        (f64::from(info.width), f64::from(info.height)),
        ((2.0 * width).round(), (2.0 * height).round())
    );
    // A drawing, not an empty sheet: letters alone make dozens of shades.
    let shades: BTreeSet<&[u8]> = pixels.chunks_exact(info.color_type.samples()).collect();
    assert!(shades.len() > 50, "{} shades", shades.len());

    let csv = String::from_utf8(saved(browser, theme, "CSV", "csv")).unwrap();
    let embedded = browser.ask_with(
        "return document.getElementById(arguments[0]).textContent",
        json!([format!("fig.{FIGURE}-csv")]),
    );
    let embedded = embedded.as_str().unwrap();
    assert_eq!(
        csv.matches("\r\n").count(),
        csv.matches('\n').count(),
        "RFC 4180: lines end in CR LF"
    );
    let as_embedded = csv.replace("\r\n", "\n").replace('&', "&amp;");
    assert_eq!(as_embedded.replace('<', "&lt;"), embedded);
    assert!(
        csv.starts_with("layer,") && csv.lines().count() > 20,
        "{csv}"
    );
}

/// Presses a figure's button and waits for the file.
fn saved(browser: &Browser, theme: Theme, button: &str, ending: &str) -> Vec<u8> {
    let folder = browser.folder().join(format!("{theme:?}-{ending}"));
    fs::create_dir(&folder).unwrap();
    browser.devtools(
        "Browser.setDownloadBehavior",
        json!({"behavior": "allow", "downloadPath": folder}),
    );
    let pressed = browser.ask_with(
        "const button = [...document.querySelectorAll(`[id='${arguments[0]}'] .save button`)]
           .find(b => b.textContent === arguments[1]);
         button.click();
         return button.getAttribute('aria-label');",
        json!([format!("fig.{FIGURE}"), button]),
    );
    assert_eq!(pressed, format!("Save as {button}"));
    wait_for(&folder.join(format!("{FIGURE}.{ending}")))
}

/// A browser gives a file its name when it is whole.
fn wait_for(path: &PathBuf) -> Vec<u8> {
    let start = Instant::now();
    loop {
        match fs::read(path) {
            Ok(bytes) if !bytes.is_empty() => return bytes,
            _ if start.elapsed() > Duration::from_secs(30) => {
                panic!("{} was not saved", path.display())
            }
            _ => sleep(Duration::from_millis(20)),
        }
    }
}
