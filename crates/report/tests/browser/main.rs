//! The page in a browser: what a reader sees, points at, presses, prints and saves.
//!
//! On a machine without Chromium and its driver these tests say that they were skipped.

mod contrast;
mod driver;
#[path = "../fixture/mod.rs"]
mod fixture;
#[path = "../common/hostile.rs"]
mod hostile;
mod linked;
mod saving;

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use evenkeel_report::{Run, comparison, page};
use serde_json::{Value, json};

use self::driver::{Browser, Click, Theme};
use self::linked::linked;

/// WebDriver's code points for keys without a letter (W3C WebDriver, 17.4.2).
const RIGHT: &str = "\u{e014}";
const END: &str = "\u{e010}";
const ESCAPE: &str = "\u{e00c}";
const TAB: &str = "\u{e004}";

const BOTH: [Theme; 2] = [Theme::Light, Theme::Dark];
const WIDTHS: [u32; 3] = [320, 375, 1440];

fn compared() -> String {
    let (first, mut second) = (fixture::results(), fixture::results());
    second.seed = 43;
    second.experiments.remove(2);
    let runs = [("before", &first), ("after", &second)];
    comparison(&runs.map(|(name, results)| Run { name, results })).unwrap()
}

/// The three pages that every look is taken at.
fn pages() -> [(&'static str, String); 3] {
    [
        ("page", linked()),
        ("comparison", compared()),
        (
            "hostile",
            page(&hostile::hostile(&fixture::results())).unwrap(),
        ),
    ]
}

#[test]
fn a_page_is_silent_and_asks_the_network_for_nothing() {
    let Some(browser) = Browser::start() else {
        return;
    };
    for (name, html) in pages() {
        browser.log("performance");
        let address = browser.open(&html);
        browser.ask("document.querySelectorAll('figure button').forEach(b => b.focus());");
        let said = browser.log("browser");
        assert!(said.is_empty(), "{name}: {said:?}");
        let asked: BTreeSet<String> = browser
            .log("performance")
            .iter()
            .filter_map(|entry| {
                let message: Value = serde_json::from_str(entry["message"].as_str()?).ok()?;
                let message = &message["message"];
                let sent = message["method"] == "Network.requestWillBeSent";
                let url = message["params"]["request"]["url"].as_str()?;
                (sent && !url.starts_with("data:")).then(|| url.to_owned())
            })
            .collect();
        assert_eq!(asked, BTreeSet::from([address]), "{name}");
        // Nothing but the page's own script ran: hostile text would have left its mark.
        assert_eq!(browser.ask("return window.hacked === undefined"), true);
        assert_eq!(browser.ask("return document.images.length"), 0, "{name}");
        let tools = browser.ask("return document.querySelectorAll('.tools').length");
        let figures = browser.ask("return document.querySelectorAll('figure').length");
        assert_eq!(tools, figures, "{name}: the script did not run to its end");
    }
}

#[test]
fn nothing_else_may_run_under_the_policy() {
    let Some(browser) = Browser::start() else {
        return;
    };
    let html = page(&fixture::results()).unwrap();
    let evil = "<script>window.hacked = 1</script><img src=x onerror=\"window.hacked = 2\">";
    browser.open(&html.replace("</footer>", &format!("</footer>{evil}")));
    assert_eq!(browser.ask("return window.hacked === undefined"), true);
    let refused = browser.log("browser");
    assert!(
        refused.iter().any(|e| e["message"]
            .as_str()
            .unwrap()
            .contains("Content Security Policy")),
        "{refused:?}"
    );
}

#[test]
fn a_page_fits_its_window_and_is_readable_in_both_themes() {
    let Some(browser) = Browser::start() else {
        return;
    };
    for (name, html) in pages() {
        browser.open(&html);
        for width in WIDTHS {
            for theme in BOTH {
                browser.look(width, theme);
                let wide = browser.ask("return document.documentElement.scrollWidth");
                assert!(
                    wide.as_u64().unwrap() <= u64::from(width),
                    "{name} at {width}: {wide} wide; {}",
                    browser.ask(contrast::WIDEST)
                );
                contrast::check(&browser, &format!("{name} at {width}, {theme:?}"));
            }
        }
    }
}

/// Where the pointer must go to find a layer in a figure, and what the figure's numbers say there.
struct Target {
    at: (f64, f64),
    figure: String,
}

/// The first figure of the chapter that can be pointed at, and the place of a layer in it.
fn target(browser: &Browser, layer: f64) -> Target {
    let found = browser.ask_with(
        "const rect = [...document.querySelectorAll('#xavier .hit')].find(r => r.getClientRects().length);
         rect.closest('figure').scrollIntoView({block: 'start', behavior: 'instant'});
         const box = rect.getBoundingClientRect(), d = rect.dataset;
         const part = (arguments[0] - d.from) / (d.to - d.from);
         return [box.left + part * box.width, box.top + box.height / 2, rect.closest('figure').id];",
        json!([layer]),
    );
    Target {
        at: (found[0].as_f64().unwrap(), found[1].as_f64().unwrap()),
        figure: found[2].as_str().unwrap().to_owned(),
    }
}

/// For each linked figure of a chapter: its layer as shown, the lines lit in the drawing that is
/// seen, and the readout's text.
fn lit(browser: &Browser, chapter: &str) -> Vec<(String, u64, String)> {
    let figures = browser.ask_with(
        "return [...document.querySelectorAll(`#${arguments[0]} figure`)]
           .filter(f => f.querySelector('.readout'))
           .map(f => [f.querySelector('output').textContent,
                      [...f.querySelectorAll('.lit')].filter(l => l.getClientRects().length).length,
                      f.querySelector('.readout').hidden ? '' : f.querySelector('.readout').innerText]);",
        json!([chapter]),
    );
    figures
        .as_array()
        .unwrap()
        .iter()
        .map(|f| {
            let text = |i: usize| f[i].as_str().unwrap().to_owned();
            (text(0), f[1].as_u64().unwrap(), text(2))
        })
        .collect()
}

/// The layer is lit in every figure of the chapter, and the one that the reader is at shows its
/// numbers.
fn assert_lit(browser: &Browser, layer: u64) {
    let figures = lit(browser, "xavier");
    assert!(figures.len() >= 2, "{figures:?}");
    for (shown, lines, _) in &figures {
        assert_eq!(shown, &layer.to_string(), "{figures:?}");
        assert!(*lines >= 1, "no line is lit: {figures:?}");
    }
    let readouts: Vec<&String> = figures
        .iter()
        .map(|(_, _, readout)| readout)
        .filter(|readout| !readout.is_empty())
        .collect();
    assert_eq!(readouts.len(), 1, "{figures:?}");
    assert!(
        readouts[0].starts_with(&format!("Layer {layer}")),
        "{readouts:?}"
    );
}

fn assert_dark(browser: &Browser) {
    for (shown, lines, readout) in lit(browser, "xavier") {
        assert_eq!((shown.as_str(), lines, readout.as_str()), ("–", 0, ""));
    }
}

#[test]
fn pointing_at_a_layer_lights_it_in_every_figure_of_its_chapter() {
    let Some(browser) = Browser::start() else {
        return;
    };
    browser.open(&linked());
    for width in [1440, 375] {
        browser.look(width, Theme::Light);
        let Target { at, figure } = target(&browser, 25.0);
        browser.mouse(at, Click::No);
        assert_lit(&browser, 25);
        // The numbers are those of the embedded CSV, as the page writes numbers.
        let shown = browser.ask_with(NUMBERS, json!([figure, "25"]));
        let (cells, texts) = (shown[0].as_array().unwrap(), shown[1].as_array().unwrap());
        assert!(cells.len() >= 2, "{shown}");
        for cell in cells {
            let exact: f64 = cell.as_str().unwrap().parse().unwrap();
            let told = texts
                .iter()
                .filter_map(Value::as_str)
                .any(|text| reads_as(text, exact));
            assert!(told, "{exact} is not shown: {texts:?}");
        }
        // The figures of other chapters stay as they are, and leaving ends it.
        let others =
            browser.ask("return document.querySelectorAll('section:not(#xavier) .lit').length");
        assert_eq!(others, 0);
        browser.mouse((2.0, 2.0), Click::No);
        assert_dark(&browser);
    }
}

/// The cells of a figure's embedded CSV at a layer, those that its drawing shows, and the numbers of
/// its readout.
const NUMBERS: &str = r#"
const csv = document.getElementById(arguments[0] + '-csv').textContent.replace(/&lt;/g, '<');
const cells = line => [...line.matchAll(/(?:^|,)("(?:[^"]|"")*"|[^,]*)/g)].map(match => match[1].replace(/^"|"$/g, ''));
const [head, ...rows] = csv.split(/\r?\n/).map(cells);
const row = rows.find(row => row[0] === arguments[1]);
const drawn = row.filter((text, i) => i > 0 && text !== '' && / (rms|low|high)$/.test(head[i]));
const shown = document.getElementById(arguments[0]).querySelectorAll('.readout td span');
return [drawn, [...shown].map(span => span.textContent)];"#;

/// Whether a text of the page is a number, to its four digits.
fn reads_as(text: &str, exact: f64) -> bool {
    let plain = text.replace('−', "-").replace('∞', "inf");
    let number = match plain.split_once(" × 10") {
        Some((mantissa, raised)) => {
            let digit = |c| "⁰¹²³⁴⁵⁶⁷⁸⁹".chars().position(|d| d == c);
            let exponent = raised
                .chars()
                .map(|c| digit(c).map_or("-".to_owned(), |d| d.to_string()));
            format!("{mantissa}e{}", exponent.collect::<String>())
        }
        None => plain,
    };
    let Ok(shown) = number.parse::<f64>() else {
        return false;
    };
    // Four significant digits: within half a unit of the fourth, 5e-4 of the number at most.
    shown == exact
        || (shown.is_nan() && exact.is_nan())
        || (shown - exact).abs() <= 5.1e-4 * exact.abs()
}

#[test]
fn the_keyboard_reaches_a_layer_moves_it_and_lets_go() {
    let Some(browser) = Browser::start() else {
        return;
    };
    browser.open(&linked());
    browser.ask("document.querySelector('#xavier').scrollIntoView(); document.querySelector('#xavier').tabIndex = -1; document.querySelector('#xavier').focus();");
    let on_slider = "return document.activeElement.matches('#xavier input[type=range]')";
    let reached = (0..40).any(|_| {
        browser.press(TAB);
        browser.ask(on_slider) == true
    });
    assert!(reached, "Tab does not reach the layer");
    let first = lit(&browser, "xavier")[0].0.parse::<u64>().unwrap();
    assert_lit(&browser, first);
    browser.press(&RIGHT.repeat(3));
    let moved = lit(&browser, "xavier")[0].0.parse::<u64>().unwrap();
    assert!(moved >= first + 3, "{first} → {moved}");
    assert_lit(&browser, moved);
    // A screen reader hears the layer and its numbers.
    let heard = browser.ask("return document.activeElement.getAttribute('aria-valuetext')");
    assert!(
        heard
            .as_str()
            .unwrap()
            .starts_with(&format!("layer {moved}; ")),
        "{heard}"
    );
    browser.press(ESCAPE);
    assert_dark(&browser);
    browser.press(END);
    let last = lit(&browser, "xavier")[0].0.parse::<u64>().unwrap();
    assert!(last > moved);
    browser.press(TAB);
    let left = browser.ask(on_slider) == false;
    assert!(left);
    assert_dark(&browser);
}

#[test]
fn a_tap_or_a_click_keeps_a_layer_until_one_elsewhere() {
    let Some(browser) = Browser::start() else {
        return;
    };
    browser.open(&linked());
    browser.look(375, Theme::Light);
    browser.tap(target(&browser, 40.0).at);
    let tapped = lit(&browser, "xavier")[0].0.parse::<u64>().unwrap();
    assert!((38..=42).contains(&tapped), "{tapped}");
    assert_lit(&browser, tapped);
    // The arrow keys go on from there.
    browser.press(RIGHT);
    assert_lit(&browser, tapped + 1);
    browser.tap((5.0, 5.0));
    assert_dark(&browser);

    browser.look(1440, Theme::Light);
    browser.mouse(target(&browser, 60.0).at, Click::Yes);
    browser.mouse((5.0, 5.0), Click::No);
    assert_lit(&browser, 60);
    browser.mouse((5.0, 5.0), Click::Yes);
    assert_dark(&browser);
}

#[test]
fn a_page_reads_in_full_with_scripts_off() {
    let Some(browser) = Browser::start() else {
        return;
    };
    browser.devtools(
        "Emulation.setScriptExecutionDisabled",
        json!({"value": true}),
    );
    let results = fixture::results();
    browser.open(&page(&results).unwrap());
    let tree = browser.devtools("DOMSnapshot.captureSnapshot", json!({"computedStyles": []}));
    let strings: BTreeSet<&str> = tree["strings"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(Value::as_str)
        .collect();
    assert!(!strings.contains("tools"), "the script ran");
    for e in &results.experiments {
        for text in [&e.title, &e.question, &e.verdict, &e.command] {
            assert!(strings.contains(text.as_str()), "{text}");
        }
        for formula in &e.formulas {
            assert!(
                strings.contains(formula.source.as_str()),
                "{}",
                formula.source
            );
        }
    }
    // What is laid out, not only what is there: each chapter's drawing has a box on the page.
    let layout = tree["documents"][0]["layout"]["bounds"].as_array().unwrap();
    assert!(layout.len() > 1000, "{} boxes", layout.len());
}

#[test]
fn a_page_prints() {
    let Some(browser) = Browser::start() else {
        return;
    };
    let results = fixture::results();
    browser.open(&linked());
    browser.look(1440, Theme::Dark);
    let pdf = browser.post(
        "/print",
        &json!({"background": true, "page": {"width": 21.0, "height": 29.7}}),
    );
    let pdf = STANDARD.decode(pdf.as_str().unwrap()).unwrap();
    assert!(pdf.starts_with(b"%PDF-"));
    let text = String::from_utf8_lossy(&pdf);
    let sheets = text.matches("/Type /Page\n").count() + text.matches("/Type /Page/").count();
    assert!(sheets > results.experiments.len(), "{sheets} sheets");

    browser.devtools(
        "Emulation.setEmulatedMedia",
        json!({"media": "print", "features": [{"name": "prefers-color-scheme", "value": "dark"}]}),
    );
    let seen = browser.ask(
        "const shown = s => [...document.querySelectorAll(s)].some(e => e.getClientRects().length);
         return [shown('.tools'), shown('.side'), shown('.narrow'), shown('.wide'),
                 getComputedStyle(document.body).backgroundColor];",
    );
    assert_eq!(
        seen,
        json!([false, false, false, true, "rgb(255, 255, 255)"])
    );
}

#[test]
fn figures_and_their_numbers_are_saved_from_the_page() {
    let Some(browser) = Browser::start() else {
        return;
    };
    browser.open(&linked());
    for theme in BOTH {
        browser.look(1440, theme);
        saving::check(&browser, theme);
    }
}
