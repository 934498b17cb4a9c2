//! `evenkeel theory` through the binary.

mod common;

use std::path::Path;
use std::time::{Duration, Instant};

use common::{Said, evenkeel, is_untouched, run};
use serde_json::Value;

/// Fixed points by trapezoid sums in f64 and mpmath.
const REFERENCE: &str = include_str!("../../theory/tests/reference/mean_field.json");

fn theory_in(home: &Path, arguments: &[&str]) -> Said {
    run(evenkeel(home).arg("theory").args(arguments))
}

fn theory(arguments: &[&str]) -> Said {
    theory_in(tempfile::tempdir().unwrap().path(), arguments)
}

fn json(arguments: &[&str]) -> Value {
    let said = theory(&[arguments, &["--json"]].concat());
    assert_eq!((said.status, said.err.as_str()), (0, ""), "{arguments:?}");
    serde_json::from_str(&said.out).unwrap()
}

fn refused(arguments: &[&str], words: &[&str]) {
    let home = tempfile::tempdir().unwrap();
    let said = theory_in(home.path(), &[arguments, &["--out", "drawings"]].concat());
    assert_eq!(said.status, 2, "{arguments:?}: {}", said.err);
    assert_eq!(said.out, "", "{arguments:?}");
    for word in words {
        assert!(
            said.err.contains(word),
            "{arguments:?}: no {word:?} in {}",
            said.err
        );
    }
    assert!(!home.path().join("drawings").exists(), "{arguments:?}");
}

/// Compares the fields that a row of the reference has, to eight digits.
fn compare(ours: &Value, row: &Value, fields: &[&str]) {
    for field in fields {
        let (got, expected) = (ours[field].as_f64().unwrap(), row[field].as_f64().unwrap());
        let tolerance = 1e-8 * expected.abs().max(1e-3);
        assert!(
            (got - expected).abs() <= tolerance,
            "{field}: {got} for {expected} in {row}"
        );
    }
}

#[test]
fn fixed_points_and_depth_scales_are_the_references() {
    let reference: Value = serde_json::from_str(REFERENCE).unwrap();
    let rows = reference["tanh_sigma_b2_0.05"].as_array().unwrap();
    assert!(rows.len() >= 3);
    for row in rows {
        let (w, b) = (row["sigma_w2"].to_string(), row["sigma_b2"].to_string());
        let ours = json(&["tanh", "--sigma-w2", &w, "--sigma-b2", &b]);
        let fields = [
            "sigma_w2", "sigma_b2", "q_star", "chi_1", "chi_q", "c_star", "xi_q", "xi_c", "xi_grad",
        ];
        compare(&ours, row, &fields);
        let phase = if row["chi_1"].as_f64().unwrap() < 1.0 {
            "ordered"
        } else {
            "chaotic"
        };
        assert_eq!(ours["phase"], phase);
    }
}

#[test]
fn the_edge_of_chaos_is_the_references() {
    let reference: Value = serde_json::from_str(REFERENCE).unwrap();
    let rows = reference["edge_of_chaos_tanh"].as_array().unwrap();
    assert!(rows.len() >= 4);
    for row in rows {
        let b = row["sigma_b2"].as_f64().unwrap().to_string();
        let ours = json(&["tanh", "--critical", "--sigma-b2", &b]);
        compare(&ours, row, &["sigma_w2", "q_star"]);
        assert_eq!(ours["phase"], "critical");
        assert_eq!(ours["xi_c"], "Infinity");
        if row["chi_q"].is_f64() {
            compare(&ours, row, &["chi_1", "chi_q", "xi_q"]);
            let law = row["one_minus_c_times_l_limit"].as_f64().unwrap();
            let said = ours["verdict"].as_str().unwrap();
            let words = said.split("1 − c = ").nth(1).unwrap();
            let coefficient: f64 = words.split("/l").next().unwrap().parse().unwrap();
            // Four digits are printed.
            assert!((coefficient / law - 1.0).abs() < 5e-4, "{said}");
        }
    }
}

#[test]
fn without_variances_the_network_is_at_its_gain() {
    let relu = json(&["relu"]);
    assert_eq!(relu["sigma_w2"], 2.0);
    assert_eq!(relu["phase"], "critical");
    assert_eq!(relu["fixed_points"], "every");
    assert_eq!(relu["xi_grad"], "Infinity");
    // 9π²/2 = 44.41
    assert!(relu["verdict"].as_str().unwrap().contains("44.41/l²"));
    let gelu = json(&["gelu"]);
    assert!((gelu["sigma_w2"].as_f64().unwrap() - 2.351_715_614_073_37).abs() < 1e-12);
    assert_eq!(gelu["q_star"], 1.0);
    assert!((gelu["chi_q"].as_f64().unwrap() - 1.144_063_196_872_58).abs() < 1e-10);
    assert!(gelu["verdict"].as_str().unwrap().contains("unstable"));
}

#[test]
fn a_critical_point_whose_variance_is_unstable_is_still_the_answer() {
    let silu = json(&["silu", "--critical", "--sigma-b2", "0.05"]);
    assert!((silu["chi_1"].as_f64().unwrap() - 1.0).abs() < 1e-12);
    assert!(silu["chi_q"].as_f64().unwrap() > 1.09);
    assert!(silu["xi_q"].as_f64().unwrap() < 0.0);
    assert!(silu["verdict"].as_str().unwrap().contains("is unstable"));
}

#[test]
fn a_variance_without_end_is_told_with_its_depth() {
    let ours = json(&["relu", "--sigma-w2", "2.5"]);
    assert_eq!(ours["phase"], "divergent");
    assert_eq!(ours["q_star"], "Infinity");
    assert_eq!(ours["chi_1"], "NaN");
    // 1.25ˡ passes f32's largest number squared at l = 2·88.72/ln 1.25 = 795.2.
    assert!(ours["verdict"].as_str().unwrap().contains("796 layers"));
}

#[test]
fn a_width_brings_bands_and_dead_layers() {
    let ours = json(&["relu", "--depth", "100", "--width", "512"]);
    assert_eq!(
        (&ours["depth"], &ours["width"]),
        (&Value::from(100), &Value::from(512))
    );
    assert_eq!(ours["bands"], "exact");
    let rows = ours["layers"].as_array().unwrap();
    assert_eq!(rows.len(), 100);
    // log m of the preactivations of layer 100 gathers 99 ReLU layers, each N(−5/2n, 5/n), and one
    // linear map, N(−1/n, 2/n), to leading order in 1/n; the next order is some 5/n of that.
    let n = 512.0_f64;
    let mean = -0.5 * (99.0 * 2.5 + 1.0) / n;
    let reach = 1.959_964 * 0.5 * ((99.0 * 5.0 + 2.0) / n).sqrt();
    let band = |name: &str, row: &Value| -> Vec<f64> {
        let band = row[name].as_array().unwrap();
        band.iter().map(|x| x.as_f64().unwrap().ln()).collect()
    };
    let last = band("rms_band", &rows[99]);
    for (got, expected) in last.iter().zip([mean - reach, mean, mean + reach]) {
        assert!((got - expected).abs() < 0.02 * reach, "{got}: {expected}");
    }
    // The gradient runs the other way.
    let first = band("gradient_band", &rows[0]);
    assert!((first[1] - mean).abs() < 0.02 * reach, "{first:?}");
    let dead = ours["dead_layer_probability"].as_f64().unwrap();
    assert_eq!(dead, 2.0_f64.powi(-512));
    let any = ours["dead_network_probability"].as_f64().unwrap();
    assert!((any / (100.0 * dead) - 1.0).abs() < 1e-9);
}

#[test]
fn a_depth_brings_the_gradient_along_it() {
    let ours = json(&[
        "tanh",
        "--sigma-w2",
        "2",
        "--sigma-b2",
        "0.05",
        "--depth",
        "51",
    ]);
    let rows = ours["layers"].as_array().unwrap();
    let chi_1 = ours["chi_1"].as_f64().unwrap();
    let first = rows[0]["gradient"].as_f64().unwrap();
    assert!((first / chi_1.powi(25) - 1.0).abs() < 1e-10, "{first}");
    assert_eq!(rows[50]["gradient"], 1.0);
    // Uncorrelated inputs are on their way to c* = 0.744.
    assert_eq!(rows[0]["correlation"], 0.0);
    let last = rows[50]["correlation"].as_f64().unwrap();
    assert!(last > 0.69 && last < 0.744, "{last}");
    assert!(ours["width"].is_null());
    // Nothing is at rest where the signal dies: variances fall by 0.25 a layer in the end.
    let dying = json(&["tanh", "--sigma-w2", "0.25", "--depth", "30"]);
    let rows = dying["layers"].as_array().unwrap();
    let ratio = rows[29]["q"].as_f64().unwrap() / rows[28]["q"].as_f64().unwrap();
    assert!((ratio - 0.25).abs() < 1e-6, "{ratio}");
    assert!(rows[0]["correlation"].is_null());
}

#[test]
fn the_text_fits_eighty_columns() {
    for arguments in [
        &["gelu"][..],
        &[
            "tanh",
            "--sigma-w2",
            "2",
            "--sigma-b2",
            "0.05",
            "--depth",
            "100",
            "--width",
            "512",
        ],
        &["relu", "--depth", "10000", "--width", "16"],
        &["x*sigmoid(1.702*x)", "--critical"],
        &["relu", "--sigma-w2", "3"],
        &["gelu", "--width", "4"],
    ] {
        let said = theory(arguments);
        assert_eq!((said.status, said.err.as_str()), (0, ""), "{arguments:?}");
        for line in said.out.lines() {
            assert!(line.chars().count() <= 80, "{arguments:?}: {line}");
        }
        assert!(!said.out.contains('\u{1b}'));
    }
    let said = theory(&["tanh", "--sigma-w2", "1.5", "--sigma-b2", "0.05"]);
    let text = said.out.replace('\n', " ");
    for words in [
        "Ordered (χ₁ = 0.93864 < 1)",
        // ln 10·15.79 = 36.4 and 6·15.79 = 94.7
        "tenfold every 37 layers",
        "trains to about 94 layers (6 ξ_c)",
        "The edge of chaos at this σ_b² is σ_w² = 1.76095 (--critical)",
        "Fixed points of the variance: 0.418037 (stable).",
    ] {
        assert!(text.contains(words), "no {words:?} in\n{}", said.out);
    }
}

#[test]
fn drawings_are_written_and_named() {
    let home = tempfile::tempdir().unwrap();
    let started = Instant::now();
    let said = theory_in(
        home.path(),
        &[
            "tanh",
            "--sigma-w2",
            "1.5",
            "--sigma-b2",
            "0.05",
            "--out",
            "a/b",
        ],
    );
    let elapsed = started.elapsed();
    assert_eq!((said.status, said.err.as_str()), (0, ""));
    // The phase diagram has 200 × 200 nodes.
    assert!(elapsed < Duration::from_secs(3), "{elapsed:?}");
    for name in ["variance-map", "correlation-map", "phase-diagram"] {
        let path = format!("a/b/tanh-{name}.svg");
        assert!(said.out.contains(&format!("drawn: {path}")), "{}", said.out);
        let svg = std::fs::read_to_string(home.path().join(&path)).unwrap();
        assert!(svg.starts_with("<svg") && svg.trim_end().ends_with("</svg>"));
        assert!(svg.contains("σ_b² = 0.05"), "{name}");
    }
    assert_eq!(
        std::fs::read_dir(home.path().join("a/b")).unwrap().count(),
        3
    );
}

#[test]
fn with_json_the_drawings_are_in_it() {
    let home = tempfile::tempdir().unwrap();
    let said = theory_in(
        home.path(),
        &["tanh", "--sigma-w2", "0.5", "--json", "--out", "o"],
    );
    assert_eq!(said.status, 0, "{}", said.err);
    // A signal that dies has no correlation map, and this is said.
    assert!(said.err.contains("no correlation map"), "{}", said.err);
    let report: Value = serde_json::from_str(&said.out).unwrap();
    let figures = report["figures"].as_array().unwrap();
    assert_eq!(
        figures,
        &["o/tanh-variance-map.svg", "o/tanh-phase-diagram.svg"]
    );
}

#[test]
fn each_error_has_its_own_message() {
    refused(
        &["tanh", "--sigma-w2", "-1"],
        &["sigma_w2 must be finite and not below 0, got -1"],
    );
    refused(
        &["tanh", "--sigma-b2", "-0.1"],
        &["sigma_b2 must be finite", "got -0.1"],
    );
    refused(&["tanh", "--sigma-w2", "inf"], &["got inf"]);
    refused(
        &["relu", "--critical", "--sigma-b2", "0.1"],
        &[
            "relu has no critical point at sigma_b2 = 0.1",
            "only one is at sigma_b2 = 0",
        ],
    );
    refused(&["softplus", "--critical"], &["none at any sigma_b2"]);
    refused(&["sign(x)", "--critical"], &["flat almost everywhere"]);
    refused(&["exp(x^2)"], &["grows too fast"]);
    refused(&["2"], &["it is constant"]);
    refused(&["tanhh"], &["did you mean `tanh`?"]);
    refused(&["x +* 2"], &["\n  x +* 2\n     ^\n"]);
    refused(
        &["tanh", "--depth", "0"],
        &["--depth is 0; it must be from 1 to 10000"],
    );
    refused(&["tanh", "--width", "0"], &["--width is 0"]);
    refused(
        &["tanh", "--critical", "--sigma-w2", "1"],
        &["cannot be used"],
    );
}

#[test]
fn an_output_folder_that_is_a_file_is_refused() {
    let home = tempfile::tempdir().unwrap();
    std::fs::write(home.path().join("taken"), "mine").unwrap();
    let said = theory_in(home.path(), &["tanh", "--out", "taken"]);
    assert_eq!(said.status, 2);
    assert!(said.err.contains("taken is a file"), "{}", said.err);
    assert!(!is_untouched(home.path()));
}
