//! What must hold for every figure and every page, whatever the results.

mod fixture;

use std::time::{Duration, Instant};

use evenkeel_lab::results::{Direction, Number, Results, Value};
use evenkeel_report::{Figure, Rows, Theme, figures, page};

const HOSTILE: &str =
    "<script>alert(1)</script>\"'&\u{202e}gnp\u{0}]]>--><img src=x onerror=alert(1)>";

/// The fixture with hostile text wherever a text can stand.
fn hostile() -> Results {
    let mut results = fixture::results();
    let long = HOSTILE.repeat(20);
    for text in [
        &mut results.version,
        &mut results.data.name,
        &mut results.data.source,
        &mut results.timing.machine,
    ] {
        *text = HOSTILE.into();
    }
    results.data.fallback = Some(HOSTILE.into());
    for (i, e) in results.experiments.iter_mut().enumerate() {
        for text in [
            &mut e.id,
            &mut e.title,
            &mut e.question,
            &mut e.verdict,
            &mut e.command,
        ] {
            *text = format!("{HOSTILE}{i}");
        }
        e.measured.insert(HOSTILE.into(), Value::Text(long.clone()));
        e.reading.push(long.clone());
        for f in &mut e.formulas {
            (f.text, f.source) = (HOSTILE.into(), HOSTILE.into());
        }
        for p in &mut e.profiles {
            (p.name, p.init) = (format!("{long}{}", p.name), HOSTILE.into());
        }
        for r in &mut e.ridgelines {
            (r.name, r.init, r.x_label) = (long.clone(), HOSTILE.into(), HOSTILE.into());
            for ridge in &mut r.ridges {
                ridge.label = HOSTILE.into();
            }
        }
        for r in &mut e.heatmaps {
            (r.name, r.init, r.x_label) = (long.clone(), HOSTILE.into(), HOSTILE.into());
            for ridge in &mut r.ridges {
                ridge.label = HOSTILE.into();
            }
        }
        for d in &mut e.distributions {
            (d.name, d.init, d.x_label) = (long.clone(), HOSTILE.into(), HOSTILE.into());
        }
        for map in &mut e.phases {
            (map.name, map.activation) = (long.clone(), HOSTILE.into());
            (map.own.label, map.trained_label) = (HOSTILE.into(), long.clone());
        }
        for c in &mut e.curves {
            for guide in &mut c.guides {
                guide.label = HOSTILE.into();
            }
            (c.name, c.x_label, c.y_label) = (long.clone(), HOSTILE.into(), HOSTILE.into());
            for s in &mut c.series {
                (s.label, s.init) = (HOSTILE.into(), HOSTILE.into());
            }
        }
        for grid in &mut e.grids {
            (grid.name, grid.value_label) = (long.clone(), HOSTILE.into());
            for axis in [&mut grid.x, &mut grid.y] {
                axis.label = HOSTILE.into();
                axis.names.fill(HOSTILE.into());
            }
            for line in &mut grid.lines {
                line.label = long.clone();
            }
        }
        for images in &mut e.images {
            images.name = HOSTILE.into();
            for tile in &mut images.tiles {
                tile.label = HOSTILE.into();
            }
        }
        for table in &mut e.tables {
            table.name = HOSTILE.into();
            table.columns.fill(HOSTILE.into());
        }
    }
    results
}

/// The fixture with every measured number replaced.
fn with_numbers(x: f64) -> Results {
    let mut results = fixture::results();
    let x = Number(x);
    for e in &mut results.experiments {
        for layer in e.profiles.iter_mut().flat_map(|p| &mut p.layers) {
            (layer.mean, layer.std, layer.second_moment) = (x, x, x);
        }
        for band in e.profiles.iter_mut().flat_map(|p| &mut p.predicted) {
            (band.low, band.middle, band.high) = (x, x, x);
        }
        for ridge in e.ridgelines.iter_mut().flat_map(|r| &mut r.ridges) {
            ridge.std = x;
            ridge.counts.fill(0);
        }
        for ridge in e.heatmaps.iter_mut().flat_map(|r| &mut r.ridges) {
            ridge.std = x;
            ridge.counts.fill(0);
        }
        for d in &mut e.distributions {
            d.predicted.fill(x);
            d.counts.fill(0);
        }
        for map in &mut e.phases {
            map.chi_1.fill(x);
            map.xi_c.fill(x);
            (map.own.sigma_w2, map.own.sigma_b2) = (x, x);
            for t in &mut map.trained {
                (t.sigma_w2, t.accuracy) = (x, x);
            }
            for p in &mut map.critical {
                (p.sigma_w2, p.q_star, p.chi_q) = (x, x, x);
            }
        }
        for guide in e.curves.iter_mut().flat_map(|c| &mut c.guides) {
            guide.y = x;
        }
        for by in e.images.iter_mut().filter_map(|i| i.normalized_by.as_mut()) {
            (by.mean, by.std) = (x, x);
        }
        for series in e.curves.iter_mut().flat_map(|c| &mut c.series) {
            series.y.fill(x);
            series.low.fill(x);
            series.high.fill(x);
            series.predicted.fill(x);
        }
        for grid in &mut e.grids {
            grid.rows.iter_mut().for_each(|row| row.fill(x));
            grid.lines.iter_mut().for_each(|line| line.y.fill(x));
        }
    }
    results
}

fn every_kind_of_results() -> Vec<Results> {
    let mut bare = fixture::results();
    for e in &mut bare.experiments {
        e.profiles.iter_mut().for_each(|p| p.layers.truncate(1));
        e.ridgelines.iter_mut().for_each(|r| r.ridges.truncate(1));
        e.heatmaps.iter_mut().for_each(|r| r.ridges.truncate(1));
        for d in &mut e.distributions {
            d.counts.truncate(1);
            d.predicted.truncate(1);
        }
        e.phases.iter_mut().for_each(|map| map.trained.clear());
        e.curves
            .iter_mut()
            .flat_map(|c| &mut c.series)
            .for_each(|s| {
                for list in [
                    &mut s.x,
                    &mut s.y,
                    &mut s.low,
                    &mut s.high,
                    &mut s.predicted,
                ] {
                    list.truncate(1);
                }
            });
        for grid in &mut e.grids {
            grid.rows.truncate(1);
            grid.rows.iter_mut().for_each(|row| row.truncate(1));
            for axis in [&mut grid.x, &mut grid.y] {
                axis.values.truncate(1);
                axis.names.truncate(1);
            }
        }
    }
    let mut results = vec![fixture::results(), hostile(), bare];
    let extremes = [
        f64::NAN,
        f64::INFINITY,
        f64::NEG_INFINITY,
        0.0,
        -1.0,
        f64::MAX,
        5e-324,
        1.0,
    ];
    results.extend(extremes.map(with_numbers));
    results
}

fn parse(figure: &Figure) -> String {
    let document = roxmltree::Document::parse(&figure.svg)
        .unwrap_or_else(|e| panic!("{}: {e}", figure.file_name));
    let root = document.root_element();
    assert_eq!(root.tag_name().name(), "svg");
    assert_eq!(root.attribute("role"), Some("img"));
    for id in root.attribute("aria-labelledby").unwrap().split(' ') {
        let named = document
            .descendants()
            .find(|n| n.attribute("id") == Some(id))
            .unwrap();
        assert!(
            !named.text().unwrap_or("").trim().is_empty(),
            "{} has no {id}",
            figure.file_name
        );
    }
    for node in document.descendants().filter(roxmltree::Node::is_element) {
        let name = node.tag_name().name();
        assert!(
            !["script", "foreignObject", "a"].contains(&name),
            "{name} in {}",
            figure.file_name
        );
        for attribute in node.attributes() {
            let (name, value) = (attribute.name(), attribute.value());
            assert!(!name.starts_with("on"), "{name} in {}", figure.file_name);
            let numeric = [
                "d", "x", "y", "x1", "y1", "x2", "y2", "cx", "cy", "r", "width", "height",
                "viewBox",
            ];
            if numeric.contains(&name) {
                let bad = value.contains("NaN") || value.contains("inf");
                assert!(!bad, "{name}={value} in {}", figure.file_name);
            }
            if name == "href" {
                assert!(value.starts_with("data:image/png;base64,"), "{value}");
            }
        }
    }
    root.attribute("viewBox").unwrap().to_owned()
}

#[test]
fn every_figure_is_well_formed_named_and_finite() {
    for results in every_kind_of_results() {
        for figure in figures(&results) {
            parse(&figure);
            assert!(!figure.title.is_empty() && !figure.description.is_empty());
        }
        page(&results).unwrap();
    }
}

/// No mark may leave the paper: every circle, line and tick label lies within the view box.
#[test]
fn nothing_is_drawn_outside_the_paper() {
    for figure in figures(&fixture::results()) {
        let view: Vec<f64> = parse(&figure)
            .split(' ')
            .map(|n| n.parse().unwrap())
            .collect();
        let document = roxmltree::Document::parse(&figure.svg).unwrap();
        for node in document
            .descendants()
            .filter(|n| n.has_tag_name("text") || n.has_tag_name("circle"))
        {
            for (names, most) in [(["x", "cx"], view[2]), (["y", "cy"], view[3])] {
                let at = names.iter().find_map(|n| node.attribute(*n));
                let at: f64 = at.unwrap().parse().unwrap();
                assert!(
                    (-24.0..=most).contains(&at),
                    "{at} of {most} in {}",
                    figure.file_name
                );
            }
        }
    }
}

#[test]
fn hostile_text_is_inert_in_the_page() {
    let html = page(&hostile()).unwrap();
    // The page's own script has no attribute, its data a type.
    assert_eq!(html.matches("<script>").count(), 1, "a script came through");
    assert!(!html.contains("<img"), "an image came through");
    assert!(html.contains("&#60;script&#62;") || html.contains("&lt;script&gt;"));
    assert!(
        !html.contains("https://") && !html.contains("http://"),
        "the page must need no network"
    );
}

#[test]
fn ids_in_a_page_are_unique_and_links_lead_somewhere() {
    for results in [fixture::results(), hostile()] {
        let html = page(&results).unwrap();
        let attribute = |name: &str| -> Vec<String> {
            let start = format!(" {name}=\"");
            html.split(&start)
                .skip(1)
                .map(|s| s.split('"').next().unwrap().to_owned())
                .collect()
        };
        let ids = attribute("id");
        let mut unique = ids.clone();
        unique.sort();
        unique.dedup();
        assert_eq!(unique.len(), ids.len(), "an id stands twice");
        for target in attribute("href").iter().filter_map(|h| h.strip_prefix('#')) {
            assert!(unique.iter().any(|id| id == target), "no {target}");
        }
        for id in attribute("aria-labelledby")
            .iter()
            .flat_map(|l| l.split(' '))
        {
            assert!(unique.iter().any(|known| known == id), "no {id}");
        }
    }
}

#[test]
fn headings_come_in_order() {
    let html = page(&fixture::results()).unwrap();
    let mut level = 0;
    for part in html.split("<h").skip(1) {
        let Some(next) = part.chars().next().and_then(|c| c.to_digit(10)) else {
            continue;
        };
        assert!(next <= level + 1, "h{next} after h{level}");
        level = next;
    }
    assert_eq!(html.matches("<h1").count(), 1);
}

#[test]
fn the_page_says_what_agreed_and_what_did_not() {
    let mut results = fixture::results();
    let html = page(&results).unwrap();
    assert!(html.contains("13 of 14 experiments agree with the known answers; 1 does not."));
    assert!(!html.contains("class=\"fallback\""));
    results.data.fallback = Some("no network, and no MNIST in the cache".into());
    let html = page(&results).unwrap();
    assert!(
        html.contains("class=\"fallback\"")
            && html.contains("no network, and no MNIST in the cache")
    );
}

#[test]
fn the_same_results_give_the_same_bytes() {
    assert_eq!(
        page(&fixture::results()).unwrap(),
        page(&fixture::results()).unwrap()
    );
}

#[test]
fn a_page_of_the_default_lab_is_light() {
    let bytes = page(&fixture::results()).unwrap().len();
    assert!(bytes <= 1_500_000, "{bytes} bytes");
}

#[test]
fn a_fixed_theme_needs_no_custom_properties() {
    for figure in figures(&fixture::results()) {
        let (light, dark) = (figure.themed(Theme::Light), figure.themed(Theme::Dark));
        assert!(!light.contains("var(") && !dark.contains("var("));
        assert_ne!(light, dark);
        assert_eq!(figure.svg, figure.themed(Theme::Reader));
    }
}

#[test]
fn gutters_begin_at_the_layer_where_the_signal_was_lost() {
    let all = figures(&fixture::results());
    let description = |name: &str| {
        &all.iter()
            .find(|f| f.file_name == name)
            .unwrap_or_else(|| panic!("no {name}"))
            .description
    };
    let explode = description("explode-depth-forward.svg");
    assert!(
        explode.contains("∞ from layer 27 or 28, by seed"),
        "{explode}"
    );
    let vanish = description("vanish-depth-forward.svg");
    assert!(
        vanish.contains("0 from layer 69 or 70, by seed"),
        "{vanish}"
    );
    let back = description("vanish-depth-backward.svg");
    assert!(
        back.contains("0 from layer 30 or 29 down, by seed"),
        "{back}"
    );
}

#[test]
fn ten_thousand_layers_stay_light_and_quick() {
    let mut results = fixture::results();
    results.experiments.retain(|e| e.id == "explode");
    let deep = &mut results.experiments[0];
    deep.profiles.truncate(3);
    for (seed, p) in deep.profiles.iter_mut().enumerate() {
        let mut dice = fixture::Dice::new(seed as u64);
        p.direction = Direction::Forward;
        p.layers = (0..10_000)
            .map(|i| fixture::layer(i, libm::exp(0.3 * dice.normal()), 0.0))
            .collect();
        p.predicted = fixture::bands(10_000, 0.0, 0.0, 0.001);
    }
    let start = Instant::now();
    let drawn = figures(&results);
    let took = start.elapsed();
    assert!(drawn[0].svg.len() < 300_000, "{} bytes", drawn[0].svg.len());
    // Drawn in two sizes and written once; 200 ms each on a free machine, here with room for a
    // loaded one.
    assert!(took < Duration::from_secs(2), "{took:?}");
}

#[test]
fn a_hundred_ridges_stay_light() {
    let mut results = fixture::results();
    results.experiments.retain(|e| e.id == "xavier-figures");
    for r in &mut results.experiments[0].ridgelines {
        let pattern = r.ridges.clone();
        r.ridges = (0..100)
            .map(|i| pattern[i % pattern.len()].clone())
            .collect();
    }
    for figure in figures(&results) {
        assert!(
            figure.svg.len() < 300_000,
            "{}: {} bytes",
            figure.file_name,
            figure.svg.len()
        );
    }
}

/// Every CSV is a table: rows as long as its head, and layers in the first column where a figure
/// has layers.
#[test]
fn every_figure_gives_its_numbers() {
    for results in every_kind_of_results() {
        for figure in figures(&results) {
            for rows in [Rows::All, Rows::AtMost(50)] {
                let csv = figure.csv(rows);
                let lines: Vec<&str> = csv.split_terminator("\r\n").collect();
                assert!(lines.len() > 1, "{} has no rows", figure.file_name);
                assert!(!csv.replace("\r\n", "").contains(['\r', '\n', '\0']));
                let columns = fields(lines[0]);
                for line in &lines {
                    assert_eq!(fields(line), columns, "{}: {line}", figure.file_name);
                }
                if is_of_layers(&figure) {
                    assert!(lines[0].starts_with("layer,"), "{}", lines[0]);
                }
                if rows == Rows::AtMost(50) {
                    assert!(lines.len() <= 51);
                }
            }
        }
    }
}

/// Whether a figure's first column, and an axis of its plots, is the layer.
/// Ridges under other names than `layer 3` are rows, which no pointer lights.
fn is_of_layers(figure: &Figure) -> bool {
    if figure.file_name.contains("ridgeline") {
        let labels = figure.description.contains(" at layer ");
        assert_eq!(figure.svg.contains("data-axis=\"layer\""), labels);
        return labels;
    }
    let kinds = ["-depth-", "heatmap"];
    kinds.iter().any(|kind| figure.file_name.contains(kind))
}

/// How many fields a line of CSV has.
fn fields(line: &str) -> usize {
    let mut quoted = false;
    let commas = line.chars().filter(|c| {
        quoted ^= *c == '"';
        *c == ',' && !quoted
    });
    1 + commas.count()
}

#[test]
fn a_csv_holds_the_measured_values_and_the_layer_where_they_are_lost() {
    let results = fixture::results();
    let all = figures(&results);
    let explode = all
        .iter()
        .find(|f| f.file_name == "explode-depth-forward.svg")
        .unwrap();
    let csv = explode.csv(Rows::All);
    let profile = &results
        .experiments
        .iter()
        .find(|e| e.id == "explode")
        .unwrap()
        .profiles[0];
    let head = csv.lines().next().unwrap();
    assert!(head.contains(&format!("{} rms", profile.name)), "{head}");
    let row = |layer: usize| csv.lines().nth(layer + 1).unwrap().to_owned();
    assert!(
        row(3).starts_with(&format!("3,{},", profile.layers[3].rms())),
        "{}",
        row(3)
    );
    assert!(
        row(29).contains("inf") || row(29).contains("NaN"),
        "{}",
        row(29)
    );
}

/// A pointer finds its layer: the rectangle lies over the plot and its ends are those of the data.
#[test]
fn a_plot_of_layers_says_which_layer_is_where() {
    let mut found = 0;
    for figure in figures(&fixture::results()) {
        let document = roxmltree::Document::parse(&figure.svg).unwrap();
        let hits: Vec<_> = document
            .descendants()
            .filter(|n| n.attribute("class") == Some("hit"))
            .collect();
        let is_of_layers = is_of_layers(&figure);
        assert!(!is_of_layers || !hits.is_empty(), "{}", figure.file_name);
        for hit in hits {
            let number = |name: &str| hit.attribute(name).unwrap().parse::<f64>().unwrap();
            assert_eq!(hit.attribute("data-axis"), Some("layer"));
            assert_eq!(hit.attribute("data-scale"), Some("linear"));
            assert!(number("data-from") < number("data-to"));
            assert!(number("width") > 50.0 && number("height") > 50.0);
            // A layer that is a column or a row of its own ends half a layer after its number.
            let last = number("data-to").floor();
            let rows = figure.csv(Rows::All).lines().count() as f64 - 1.0;
            if is_of_layers {
                assert_eq!(rows, last + 1.0);
            }
            found += 1;
        }
    }
    assert!(found > 10, "{found}");
}

#[test]
fn a_heat_map_of_a_thousand_layers_is_light_and_quick() {
    let mut results = fixture::results();
    results.experiments.retain(|e| e.id == "side-by-side");
    let maps = &mut results.experiments[0].heatmaps;
    maps.truncate(1);
    let mut deep = Vec::new();
    for (layer, ridge) in maps[0].ridges.iter().cycle().take(1_000).enumerate() {
        let mut ridge = ridge.clone();
        ridge.counts.rotate_left(layer % 7);
        deep.push(ridge);
    }
    maps[0].ridges = deep;
    let start = Instant::now();
    let drawn = figures(&results);
    let took = start.elapsed();
    let map = drawn
        .iter()
        .find(|f| f.file_name.contains("heatmap"))
        .unwrap();
    assert!(map.svg.len() < 300_000, "{} bytes", map.svg.len());
    assert!(took < Duration::from_secs(2), "{took:?}");
    assert!(
        map.description.contains("over 1000 layers"),
        "{}",
        map.description
    );
}
