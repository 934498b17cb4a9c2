//! The drawings of the theory: whole, the same every time, and in the right places.

use std::collections::HashSet;

use evenkeel_report::theory::{
    Axis, CorrelationMapDrawing, Network, PhaseDiagramDrawing, PhaseWindow, VarianceMapDrawing,
};
use evenkeel_report::{Figure, Theme};
use evenkeel_theory::{Activation, FixedPoints, MeanField, Phase, critical_line, phase_diagram};
use roxmltree::{Document, Node};

fn network(name: &str, sigma_w2: f64, sigma_b2: f64) -> (Network, MeanField) {
    let network = Network {
        activation: name.to_owned(),
        sigma_w2,
        sigma_b2,
    };
    let activation: Activation = name.parse().unwrap();
    (
        network,
        MeanField::new(&activation, sigma_w2, sigma_b2).unwrap(),
    )
}

fn variance_map(name: &str, sigma_w2: f64, sigma_b2: f64) -> Figure {
    let (network, theory) = network(name, sigma_w2, sigma_b2);
    let fixed_points = theory.fixed_points().unwrap();
    let axis = Axis::of_variances(&fixed_points);
    let q = axis.samples(60);
    let next = q.iter().map(|&q| theory.variance_map(q).unwrap()).collect();
    VarianceMapDrawing {
        network,
        axis,
        q,
        next,
        fixed_points,
        profile: theory.variance_profile(1.0, 12).unwrap(),
    }
    .figure()
}

fn correlation_map(name: &str, sigma_w2: f64, sigma_b2: f64) -> Figure {
    let (network, theory) = network(name, sigma_w2, sigma_b2);
    let analysis = theory.analyze().unwrap();
    let map = theory.correlation_map(analysis.q_star).unwrap();
    let c: Vec<f64> = (0..=50).map(|i| f64::from(i) / 50.0).collect();
    CorrelationMapDrawing {
        network,
        analysis,
        next: c.iter().map(|&c| map.value(c).unwrap()).collect(),
        c,
        slope_at_one: map.slope(1.0).unwrap(),
        profile: map.profile(0.0, 12).unwrap(),
    }
    .figure()
}

fn phases(name: &str, sigma_w2: f64, sigma_b2: f64, phase: Phase) -> Figure {
    let (network, theory) = network(name, sigma_w2, sigma_b2);
    let variances: Vec<f64> = (-120..=40)
        .map(|k| 10.0_f64.powf(f64::from(k) / 20.0))
        .collect();
    // Where the activation is flat there is no line.
    let critical = critical_line(theory.activation(), &variances).unwrap_or_default();
    let window = PhaseWindow::around(sigma_w2, sigma_b2, &critical);
    let diagram =
        phase_diagram(theory.activation(), &window.columns(60), &window.rows(60)).unwrap();
    PhaseDiagramDrawing {
        network,
        phase,
        diagram,
        critical,
    }
    .figure()
}

fn all() -> Vec<Figure> {
    vec![
        variance_map("tanh", 1.5, 0.05),
        variance_map("relu", 2.0, 0.0),
        variance_map("relu", 3.0, 0.1),
        variance_map("gelu", 2.352, 0.0),
        variance_map("relu_squared", 0.01, 0.001),
        correlation_map("tanh", 2.0, 0.05),
        correlation_map("relu", 2.0, 0.0),
        correlation_map("hardshrink(0.5)", 0.9, 0.05),
        phases("tanh", 1.5, 0.05, Phase::Ordered),
        phases("relu", 2.0, 0.0, Phase::Critical),
        phases("gelu", 2.352, 0.0, Phase::Chaotic),
        phases("hardshrink(0.5)", 0.9, 0.05, Phase::Chaotic),
        phases("x*sigmoid(1.702*x)", 2.0, 0.05, Phase::Divergent),
    ]
}

#[test]
fn every_drawing_is_whole_and_says_what_it_shows() {
    for figure in all() {
        for svg in [
            &figure.svg,
            &figure.themed(Theme::Light),
            &figure.themed(Theme::Dark),
        ] {
            let document = Document::parse(svg).unwrap();
            let root = document.root_element();
            let child = |name: &str| root.children().find(|n| n.has_tag_name(name)).unwrap();
            assert_eq!(child("title").text(), Some(figure.title.as_str()));
            assert_eq!(child("desc").text(), Some(figure.description.as_str()));
            for bad in ["NaN", "inf", "Infinity"] {
                assert!(
                    !document.descendants().any(|n| has_number(&n, bad)),
                    "{}: {bad}",
                    figure.file_name
                );
            }
            let ids: Vec<&str> = document
                .descendants()
                .filter_map(|n| n.attribute("id"))
                .collect();
            let unique: HashSet<&&str> = ids.iter().collect();
            assert_eq!(unique.len(), ids.len(), "{}", figure.file_name);
        }
        assert!(figure.file_name.ends_with(".svg"));
        assert!(
            !figure.file_name.contains(['/', '*', '(']),
            "{}",
            figure.file_name
        );
    }
}

/// Whether a coordinate of an element holds a word that is no number.
fn has_number(node: &Node, bad: &str) -> bool {
    [
        "d",
        "x",
        "y",
        "x1",
        "y1",
        "x2",
        "y2",
        "cx",
        "cy",
        "transform",
        "width",
        "height",
    ]
    .iter()
    .filter_map(|name| node.attribute(*name))
    .any(|value| value.contains(bad))
}

#[test]
fn the_same_values_give_the_same_bytes() {
    for (a, b) in all().iter().zip(all()) {
        assert_eq!(a.svg, b.svg, "{}", a.file_name);
    }
}

#[test]
fn a_name_that_is_markup_is_inert() {
    let network = Network {
        activation: "<script>alert(1)</script>/../x".to_owned(),
        sigma_w2: f64::INFINITY,
        sigma_b2: f64::NAN,
    };
    let figure = VarianceMapDrawing {
        network,
        axis: Axis::Linear { high: 2.0 },
        q: vec![0.0, f64::NAN, 2.0],
        next: vec![f64::INFINITY, 1.0, f64::NAN],
        fixed_points: FixedPoints::Isolated(Vec::new()),
        profile: vec![1.0, f64::INFINITY],
    }
    .figure();
    assert!(!figure.svg.contains("<script"));
    assert_eq!(figure.file_name, "script-alert-1-script-x-variance-map.svg");
    Document::parse(&figure.svg).unwrap();
}

/// The plot's rectangle as pixels: left, right, bottom, and the y of its highest tick.
fn plot(document: &Document) -> (f64, f64, f64, f64) {
    let group = |class: &str| {
        document
            .descendants()
            .find(|n| n.attribute("class") == Some(class))
            .unwrap()
    };
    let number = |node: &Node, name: &str| node.attribute(name).unwrap().parse::<f64>().unwrap();
    let foot = group("x-axis")
        .children()
        .find(|n| n.has_tag_name("line"))
        .unwrap();
    let top = group("y-axis")
        .children()
        .filter(|n| n.has_tag_name("line"))
        .map(|n| number(&n, "y1"))
        .fold(f64::INFINITY, f64::min);
    (
        number(&foot, "x1"),
        number(&foot, "x2"),
        number(&foot, "y1"),
        top,
    )
}

#[test]
fn the_stable_fixed_point_is_drawn_where_it_is() {
    // tanh, σ_w² = 1.5, σ_b² = 0.05: q* = 0.4180372 on axes from 0 to 2.
    let figure = variance_map("tanh", 1.5, 0.05);
    let document = Document::parse(&figure.svg).unwrap();
    let (left, right, bottom, top) = plot(&document);
    let mark = document
        .descendants()
        .find(|n| n.attribute("class") == Some("fixed-point"))
        .unwrap();
    let place = mark
        .first_element_child()
        .unwrap()
        .attribute("transform")
        .unwrap();
    let numbers: Vec<f64> = place
        .trim_matches(|c: char| !c.is_ascii_digit())
        .split(' ')
        .map(|n| n.parse().unwrap())
        .collect();
    let share = 0.418_037_2 / 2.0;
    // Coordinates are written to a tenth of a pixel.
    assert!(
        (numbers[0] - (left + share * (right - left))).abs() < 0.2,
        "{place}"
    );
    assert!(
        (numbers[1] - (bottom + share * (top - bottom))).abs() < 0.2,
        "{place}"
    );
    assert!(
        figure.description.contains("q = 0.418 is stable"),
        "{}",
        figure.description
    );
}

#[test]
fn the_chaotic_area_holds_what_is_chaotic() {
    let figure = phases("tanh", 1.5, 0.05, Phase::Ordered);
    let document = Document::parse(&figure.svg).unwrap();
    let (left, right, bottom, top) = plot(&document);
    // The window is 4 (or 3) wide and 0.12 high; its last ticks are its edges.
    let ticks: Vec<f64> = document
        .descendants()
        .filter(|n| n.attribute("class") == Some("tick mid"))
        .filter_map(|n| n.text()?.parse().ok())
        .collect();
    let widest = ticks
        .iter()
        .copied()
        .filter(|&t| t < 10.0)
        .fold(0.0, f64::max);
    let outline = document
        .descendants()
        .find(|n| n.attribute("class") == Some("i-f") && n.has_tag_name("path"))
        .unwrap();
    let ring = points(outline.attribute("d").unwrap());
    let theory = |w: f64, b: f64| {
        let net = MeanField::new(&Activation::tanh(), w, b).unwrap();
        net.analyze().unwrap().phase
    };
    for w in [0.4, 0.9, 1.3, 1.7, 2.1, 2.6, 2.9] {
        for b in [0.01, 0.05, 0.11] {
            let at = (
                left + w / widest * (right - left),
                bottom + b / 0.12 * (top - bottom),
            );
            let drawn = if encloses(&ring, at) {
                Phase::Chaotic
            } else {
                Phase::Ordered
            };
            assert_eq!(drawn, theory(w, b), "σ_w² = {w}, σ_b² = {b}");
        }
    }
}

/// The corners of a path of one ring.
fn points(data: &str) -> Vec<(f64, f64)> {
    data.trim_matches(|c: char| c.is_alphabetic())
        .split([' ', 'L'])
        .map(|pair| {
            let (x, y) = pair.split_once(',').unwrap();
            (x.parse().unwrap(), y.parse().unwrap())
        })
        .collect()
}

/// Whether a ray from the place crosses the ring an odd number of times.
fn encloses(ring: &[(f64, f64)], (x, y): (f64, f64)) -> bool {
    let closed = ring.iter().zip(ring.iter().cycle().skip(1));
    closed
        .filter(|(a, b)| (a.1 > y) != (b.1 > y))
        .filter(|(a, b)| x < a.0 + (y - a.1) / (b.1 - a.1) * (b.0 - a.0))
        .count()
        % 2
        == 1
}
