//! The page as HTML: valid, complete, inert, readable, the same for the same results.

mod fixture;
#[path = "common/hostile.rs"]
mod hostile;

use std::collections::BTreeSet;

use evenkeel_lab::results::{Number, Results, Value, map};
use evenkeel_report::{ReportError, Run, comparison, page};
use html5ever::driver::ParseOpts;
use html5ever::tendril::TendrilSink as _;
use html5ever::tokenizer::TokenizerOpts;
use html5ever::tree_builder::TreeBuilderOpts;
use markup5ever_rcdom::{Handle, NodeData, RcDom};

use self::hostile::{HOSTILE, hostile};

/// An element: its name, its attributes, its own text.
struct Element {
    name: String,
    attributes: Vec<(String, String)>,
    text: String,
}

impl Element {
    fn get(&self, name: &str) -> Option<&str> {
        let found = self.attributes.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }
}

/// The elements of a page in its order; any parse error of the HTML standard fails.
fn elements(html: &str) -> Vec<Element> {
    let options = ParseOpts {
        tokenizer: TokenizerOpts {
            exact_errors: true,
            ..TokenizerOpts::default()
        },
        tree_builder: TreeBuilderOpts {
            exact_errors: true,
            ..TreeBuilderOpts::default()
        },
    };
    let dom = html5ever::parse_document(RcDom::default(), options).one(html);
    let errors = dom.errors.borrow();
    assert!(errors.is_empty(), "{:#?}", &errors[..errors.len().min(5)]);
    let mut found = Vec::new();
    let mut open: Vec<Handle> = vec![dom.document.clone()];
    while let Some(node) = open.pop() {
        let children = node.children.borrow();
        if let NodeData::Element { name, attrs, .. } = &node.data {
            let text = children.iter().filter_map(|child| match &child.data {
                NodeData::Text { contents } => Some(contents.borrow().to_string()),
                _ => None,
            });
            found.push(Element {
                name: name.local.to_string(),
                attributes: attrs
                    .borrow()
                    .iter()
                    .map(|a| (a.name.local.to_string(), a.value.to_string()))
                    .collect(),
                text: text.collect(),
            });
        }
        open.extend(children.iter().rev().cloned());
    }
    found
}

fn compared(first: &Results, second: &Results) -> String {
    let runs = [("before.json", first), ("after.json", second)];
    comparison(&runs.map(|(name, results)| Run { name, results })).unwrap()
}

/// Pages of every kind.
fn pages() -> Vec<(&'static str, String)> {
    let whole = fixture::results();
    let hostile = hostile(&whole);
    let mut fewer = fixture::results();
    fewer.seed = 7;
    fewer.experiments.remove(1);
    let named = [HOSTILE, HOSTILE, ""].map(|name| Run {
        name,
        results: &hostile,
    });
    vec![
        ("page", page(&whole).unwrap()),
        ("hostile", page(&hostile).unwrap()),
        ("bare", page(&bare()).unwrap()),
        ("comparison", compared(&whole, &fewer)),
        ("hostile comparison", comparison(&named).unwrap()),
    ]
}

/// Results that hold next to nothing.
fn bare() -> Results {
    let mut results = fixture::results();
    results.version.clear();
    for (i, e) in results.experiments.iter_mut().enumerate() {
        let empty = fixture::experiment("", "", "", "", i % 2 == 0);
        let kept = (e.profiles.clone(), e.curves.clone(), e.ridgelines.clone());
        *e = empty;
        e.command.clear();
        match i % 4 {
            0 => e.profiles = kept.0,
            1 => e.curves = kept.1,
            2 => e.ridgelines = kept.2,
            _ => {}
        }
        e.profiles.iter_mut().for_each(|p| p.layers.clear());
        e.curves.iter_mut().for_each(|c| c.series.clear());
        e.ridgelines.iter_mut().for_each(|r| r.ridges.clear());
    }
    results
}

#[test]
fn pages_are_valid_html_whose_references_lead_somewhere() {
    for (name, html) in pages() {
        let all = elements(&html);
        let ids: Vec<&str> = all.iter().filter_map(|e| e.get("id")).collect();
        let unique: BTreeSet<&str> = ids.iter().copied().collect();
        assert_eq!(unique.len(), ids.len(), "{name}: an id stands twice");
        for element in &all {
            let lists = [
                "aria-labelledby",
                "aria-describedby",
                "aria-controls",
                "for",
            ];
            let listed = lists.iter().filter_map(|list| element.get(list));
            let linked = element.get("href").and_then(|href| href.strip_prefix('#'));
            for target in listed.flat_map(str::split_whitespace).chain(linked) {
                assert!(
                    unique.contains(target),
                    "{name}: {} names no {target:?}",
                    element.name
                );
            }
        }
        for html_id in unique {
            assert!(
                !html_id.contains(char::is_whitespace),
                "{name}: {html_id:?}"
            );
        }
    }
}

#[test]
fn headings_come_in_order_and_say_something() {
    for (name, html) in pages() {
        let mut level = 0;
        let mut firsts = 0;
        for element in elements(&html) {
            let Some(next) = element
                .name
                .strip_prefix('h')
                .and_then(|n| n.parse::<u32>().ok())
            else {
                continue;
            };
            assert!(next <= level + 1, "{name}: h{next} after h{level}");
            firsts += usize::from(next == 1);
            level = next;
        }
        assert_eq!(firsts, 1, "{name}");
    }
}

#[test]
fn every_link_button_and_table_has_a_name() {
    for (name, html) in pages() {
        for element in elements(&html) {
            if element.get("role") == Some("region") || element.name == "svg" {
                let label = element.get("aria-label").or(element.get("aria-labelledby"));
                assert!(
                    label.is_some_and(|l| !l.trim().is_empty()),
                    "{name}: {}",
                    element.name
                );
            }
            assert_ne!(element.name, "img", "{name}");
        }
    }
}

#[test]
fn hostile_text_is_inert_wherever_it_stands() {
    for (name, html) in pages() {
        for element in elements(&html) {
            let known = match element.name.as_str() {
                "script" => element.get("type").is_none_or(|kind| kind == "text/csv"),
                "img" | "iframe" | "object" | "embed" | "form" | "base" | "foreignObject" => false,
                _ => true,
            };
            assert!(known, "{name}: {} came through", element.name);
            for (attribute, value) in &element.attributes {
                assert!(!attribute.starts_with("on"), "{name}: {attribute}={value}");
                let address = attribute == "href" || attribute == "src";
                let here = value.starts_with('#') || value.starts_with("data:");
                assert!(!address || here, "{name}: {attribute}={value}");
            }
        }
        let forbidden = |c: char| {
            (c.is_control() && c != '\n' && c != '\t')
                || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{fffe}' | '\u{ffff}')
        };
        assert!(!html.contains(forbidden), "{name}");
        assert!(
            !html.contains("http://") && !html.contains("https://"),
            "{name}: an address"
        );
    }
    // And it is there, as a text to be read.
    let html = page(&hostile(&fixture::results())).unwrap();
    assert!(
        html.contains("&#60;script&#62;window.hacked=1"),
        "the text is gone"
    );
}

#[test]
fn one_script_runs_and_the_policy_names_its_hash() {
    use base64::Engine as _;
    use sha2::Digest as _;
    for (name, html) in pages() {
        let all = elements(&html);
        let policy = all
            .iter()
            .find(|e| e.get("http-equiv") == Some("Content-Security-Policy"));
        let policy = policy.unwrap().get("content").unwrap();
        assert!(policy.starts_with("default-src 'none'; "), "{policy}");
        let scripts: Vec<&Element> = all
            .iter()
            .filter(|e| e.name == "script" && e.get("type").is_none())
            .collect();
        assert_eq!(scripts.len(), 1, "{name}");
        let hash = sha2::Sha256::digest(scripts[0].text.as_bytes());
        let hash = base64::engine::general_purpose::STANDARD.encode(hash);
        assert!(
            policy.contains(&format!("script-src 'sha256-{hash}'")),
            "{policy}"
        );
    }
}

fn linear(channel: f64) -> f64 {
    if channel <= 0.04045 {
        channel / 12.92
    } else {
        libm::pow((channel + 0.055) / 1.055, 2.4)
    }
}

/// The page's colours: each custom property in one theme.
fn colour(html: &str, name: &str, theme: usize) -> [f64; 3] {
    let set = html.split(&format!("--{name}:#")).nth(1 + theme).unwrap();
    [0, 2, 4].map(|i| f64::from(u8::from_str_radix(&set[i..i + 2], 16).unwrap()) / 255.0)
}

/// WCAG 2.1, 1.4.3: contrast of every colour that the style sheet gives a text with every background
/// that it gives anything.
#[test]
fn every_text_colour_is_readable_on_every_background() {
    let html = page(&fixture::results()).unwrap();
    let css = include_str!("../templates/page.css");
    let texts: BTreeSet<&str> = css
        .split(['{', ';'])
        .filter_map(|rule| rule.trim().strip_prefix("color:var(--"))
        .filter_map(|rest| rest.split(')').next())
        .flat_map(|name| match name {
            // A mark takes the colour of its verdict.
            "verdict" => vec!["good", "warn", "ink-3"],
            name => vec![name],
        })
        .collect();
    assert!(texts.len() >= 5, "{texts:?}");
    // The paper, and the paper with a twentieth of ink in it.
    let known = [
        "var(--paper)",
        "none",
        "color-mix(in srgb,var(--ink) 5%,var(--paper))",
    ];
    for back in css.split("background:").skip(1) {
        assert!(known.iter().any(|k| back.starts_with(k)), "{back:.40}");
    }
    for theme in [0, 1] {
        let (paper, ink) = (colour(&html, "paper", theme), colour(&html, "ink", theme));
        let shaded = [0, 1, 2].map(|i| 0.05 * ink[i] + 0.95 * paper[i]);
        for name in &texts {
            for back in [paper, shaded] {
                let luminance = |c: [f64; 3]| {
                    0.2126 * linear(c[0]) + 0.7152 * linear(c[1]) + 0.0722 * linear(c[2])
                };
                let (a, b) = (luminance(colour(&html, name, theme)), luminance(back));
                let ratio = (a.max(b) + 0.05) / (a.min(b) + 0.05);
                // Only what the code of a command is written in lies on the shaded paper.
                assert!(
                    ratio >= 4.5 || (back == shaded && *name != "ink"),
                    "{name}: {ratio:.2}"
                );
            }
        }
    }
}

#[test]
fn a_chapter_says_what_the_results_lack() {
    let html = page(&bare()).unwrap();
    for sentence in [
        "The results hold no title for this experiment.",
        "The results hold no verdict for this experiment.",
        "The results hold no command that runs it again for this experiment.",
        "nothing that was measured here",
        "the results hold no layers.",
        "the results hold no curve.",
    ] {
        assert!(html.contains(sentence), "{sentence}");
    }
    let whole = page(&fixture::results()).unwrap();
    assert!(
        !whole.contains("class=\"missing\""),
        "a whole chapter lacks nothing"
    );
}

#[test]
fn values_that_are_not_finite_are_told_as_such() {
    let mut results = fixture::results();
    for e in &mut results.experiments {
        for layer in e.profiles.iter_mut().flat_map(|p| &mut p.layers) {
            layer.second_moment = Number(f64::NAN);
            layer.nonfinite = layer.count;
        }
        for series in e.curves.iter_mut().flat_map(|c| &mut c.series) {
            series.y.fill(Number(f64::INFINITY));
        }
    }
    let html = page(&results).unwrap();
    let told = html
        .matches("every value is infinite or NaN, so that no line can be drawn")
        .count();
    assert!(told > 5, "told {told} times");
}

#[test]
fn comparable_pairs_come_first_and_settings_apart() {
    let mut results = fixture::results();
    results.experiments.truncate(1);
    let e = &mut results.experiments[0];
    e.measured = map([("alone", 0.5), ("mean", 9.03)]);
    e.measured.insert("depth".into(), Value::Count(100));
    e.predicted = map([("mean", 9.027_03)]);
    let html = page(&results).unwrap();
    let at = |text: &str| html.find(text).unwrap_or_else(|| panic!("no {text}"));
    let pair = at(
        "<tr><th scope=\"row\"><bdi>Mean</bdi></th><td class=\"n\"><bdi>9.030</bdi></td><td class=\"n\"><bdi>9.027</bdi></td></tr>",
    );
    let alone = at("<dt><bdi>Alone</bdi></dt><dd><bdi>0.5</bdi></dd>");
    let setting = at("<dt><bdi>Depth</bdi></dt><dd><bdi>100</bdi></dd>");
    assert!(at("<h3>Measured beside predicted</h3>") < pair && pair < at("<h3>Also measured</h3>"));
    assert!(alone < at("<h3>Settings</h3>") && at("<h3>Settings</h3>") < setting);
}

#[test]
fn the_summary_comes_before_the_contents_and_names_what_disagrees() {
    let mut results = fixture::results();
    results.experiments.iter_mut().for_each(|e| e.agrees = true);
    results.experiments[3].agrees = false;
    let html = page(&results).unwrap();
    let at = |text: &str| html.find(text).unwrap_or_else(|| panic!("no {text}"));
    let against = at("class=\"against\"");
    assert!(at("1 does not.") < against);
    let link = html[against..].split("</p>").next().unwrap();
    assert!(
        link.contains("href=\"#vanish\"") && link.matches("<a ").count() == 1,
        "{link}"
    );
    assert!(against < at("<dl class=\"facts\">"));
    assert!(at("<dl class=\"facts\">") < at("<ol class=\"contents\">"));
    assert!(at("<ol class=\"contents\">") < at("id=\"page.chapters\""));
    assert!(
        html.contains("of the lab’s"),
        "a part of the lesson says so"
    );
}

#[test]
fn runs_are_set_beside_each_other_chapter_by_chapter() {
    let first = fixture::results();
    let mut second = fixture::results();
    second.seed = 43;
    second.experiments.retain(|e| e.id != "vanish");
    let xavier = second
        .experiments
        .iter_mut()
        .find(|e| e.id == "xavier")
        .unwrap();
    xavier.agrees = !xavier.agrees;
    xavier.verdict = "Another verdict.".into();
    let data = second
        .experiments
        .iter_mut()
        .find(|e| e.id == "data")
        .unwrap();
    data.measured
        .insert("train_mean".into(), Value::Number(Number(0.260_894)));
    let html = compared(&first, &second);

    let chapter = |id: &str| {
        let start = html
            .find(&format!("<section class=\"chapter\" id=\"{id}\""))
            .unwrap();
        html[start..].split("</section>").next().unwrap()
    };
    assert!(chapter("vanish").contains("<bdi>after.json</bdi> does not hold this experiment."));
    assert!(!chapter("xavier").contains("does not hold"));
    assert!(chapter("xavier").contains("Another verdict."));
    assert!(chapter("xavier").contains(&first.experiments[4].verdict.replace('\'', "&#39;")));
    assert!(chapter("data").contains("<bdi>0.1304</bdi></td><td class=\"n\"><bdi>0.2609</bdi></td><td class=\"n\"><bdi>+0.1304 (+100%)</bdi>"), "{}", chapter("data"));
    assert!(chapter("first-layer").contains("<bdi>same</bdi>"));
    // The same figure of one run after the other.
    let figures: Vec<&str> = chapter("xavier")
        .split("<figure id=\"")
        .skip(1)
        .filter_map(|f| f.split('"').next())
        .collect();
    assert_eq!(
        figures[..2],
        ["fig.xavier.1-depth-forward", "fig.xavier.2-depth-forward"]
    );
    assert_eq!(html, compared(&first, &second));
}

#[test]
fn a_comparison_of_damaged_results_names_the_run() {
    let (good, mut bad) = (fixture::results(), fixture::results());
    bad.schema = 9;
    let runs = [("good.json", &good), ("bad.json", &bad)];
    let error = comparison(&runs.map(|(name, results)| Run { name, results })).unwrap_err();
    assert!(
        matches!(&error, ReportError::Run { run, .. } if run == "bad.json"),
        "{error:?}"
    );
    assert!(
        error.to_string().contains("bad.json") && error.to_string().contains("schema 9"),
        "{error}"
    );
}
