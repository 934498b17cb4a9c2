//! `evenkeel gain` through the binary.

mod common;

use std::time::{Duration, Instant};

use common::{Said, evenkeel, run};
use serde_json::Value;

/// mpmath at 30 digits, for q = 1.
const REFERENCE: &str = include_str!("../../theory/tests/reference/gains.json");

fn gain(arguments: &[&str]) -> Said {
    let home = tempfile::tempdir().unwrap();
    run(evenkeel(home.path()).arg("gain").args(arguments))
}

fn json(arguments: &[&str]) -> Value {
    let said = gain(&[arguments, &["--json"]].concat());
    assert_eq!((said.status, said.err.as_str()), (0, ""), "{arguments:?}");
    serde_json::from_str(&said.out).unwrap()
}

/// Expects an error that holds all of `words`, and nothing on standard output.
fn refused(arguments: &[&str], words: &[&str]) {
    let said = gain(arguments);
    assert_eq!(said.status, 2, "{arguments:?}: {}", said.err);
    assert_eq!(said.out, "", "{arguments:?}");
    for word in words {
        assert!(
            said.err.contains(word),
            "{arguments:?}: no {word:?} in {}",
            said.err
        );
    }
}

#[test]
fn every_number_is_the_references() {
    let reference: Value = serde_json::from_str(REFERENCE).unwrap();
    let rows = reference["values"].as_object().unwrap();
    assert!(rows.len() >= 16);
    for (key, row) in rows {
        // The reference's keys carry the parameter after the name.
        let name = match key.rsplit_once('_') {
            Some((name, number)) if number.parse::<f64>().is_ok() => format!("{name}({number})"),
            _ => key.clone(),
        };
        let ours = json(&[&name]);
        assert_eq!(ours["activation"], name.as_str());
        for (ours_name, theirs_name) in [
            ("gain_forward", "gain_forward"),
            ("gain_centered", "gain_forward_centered"),
            ("gain_backward", "gain_backward"),
            ("second_moment", "E_phi2"),
            ("mean", "E_phi"),
            ("chi_1", "chi1_at_gain_forward"),
            ("chi_q", "chi_q_at_gain_forward"),
        ] {
            let (ours, theirs) = (&ours[ours_name], &row[theirs_name]);
            let (ours, theirs) = (ours.as_f64().unwrap(), theirs.as_f64().unwrap());
            // The mean of an odd function is zero; there the reference holds its own rounding.
            let tolerance = 1e-10 * theirs.abs() + 1e-15;
            assert!(
                (ours - theirs).abs() <= tolerance,
                "{name} {ours_name}: {ours} for {theirs}"
            );
        }
        assert!(ours["error"].as_f64().unwrap() < 1e-10);
    }
}

#[test]
fn an_expression_is_what_it_spells() {
    for (expression, name) in [
        ("x*sigmoid(1.702*x)", "quick_gelu"),
        ("max(x, 0)^2", "relu_squared"),
        ("where(x < 0, 0.2*x, x)", "leaky_relu(0.2)"),
        ("-x*(-1)", "identity"),
    ] {
        let (ours, named) = (json(&[expression]), json(&[name]));
        for field in ["gain_forward", "gain_backward", "chi_q"] {
            let (a, b) = (
                ours[field].as_f64().unwrap(),
                named[field].as_f64().unwrap(),
            );
            assert!(
                (a / b - 1.0).abs() < 1e-12,
                "{expression} {field}: {a}, {b}"
            );
        }
    }
}

#[test]
fn a_mean_that_is_rounding_alone_prints_as_none() {
    // tanh is odd, so E[φ] is 0 at any variance; what is left of the sum is no number of tanh's.
    for q in ["1", "1e8", "1e-8"] {
        for arguments in [&["tanh", "--q", q][..], &["1e-12*tanh(x)", "--q", q]] {
            let said = gain(arguments);
            assert_eq!((said.status, said.err.as_str()), (0, ""));
            let line = said
                .out
                .lines()
                .find(|line| line.contains("mean left"))
                .unwrap();
            let value = line.split_whitespace().nth(2);
            assert_eq!(value, Some("0"), "{arguments:?}: {line}");
        }
    }
    // A small mean of a small function is its own: E[relu] = √(q/2π).
    let said = gain(&["1e-12*relu(x)"]);
    assert!(said.out.contains("3.98942280401e−13"), "{}", said.out);
}

#[test]
fn the_verdict_counts_layers() {
    let said = gain(&["gelu"]);
    assert_eq!((said.status, said.err.as_str()), (0, ""));
    let text = said.out.replace('\n', " ");
    for words in [
        "gelu: gain 1.5335.",
        "the variance is unstable (χ_q = 1.144 > 1)",
        // ln 100/ln 1.14406 = 34.2
        "beyond about 35 layers it drifts to 0 or ∞",
        "use a normalisation",
        "forward gain     1.5335304412",
    ] {
        assert!(text.contains(words), "no {words:?} in\n{}", said.out);
    }
    assert!(said.out.lines().all(|line| line.chars().count() <= 80));
    assert!(!said.out.contains('\u{1b}'), "no colour in a pipe");
}

#[test]
fn at_another_variance_gains_are_of_that_variance() {
    // sin: E[φ²] = (1 − e^{−2q})/2, E[φ′²] = (1 + e^{−2q})/2.
    let (q, decay) = (0.25_f64, (-0.5_f64).exp());
    let ours = json(&["sin", "--q", "0.25"]);
    for (field, expected) in [
        ("q", q),
        ("gain_forward", (2.0 * q / (1.0 - decay)).sqrt()),
        ("gain_backward", (2.0 / (1.0 + decay)).sqrt()),
    ] {
        let got = ours[field].as_f64().unwrap();
        assert!((got - expected).abs() < 1e-13, "{field}: {got}");
    }
    assert!(ours["verdict"].as_str().unwrap().contains("at q = 0.25"));
}

#[test]
fn the_table_has_everyone_and_marks_what_pytorch_does() {
    let started = Instant::now();
    let said = gain(&["--all"]);
    let elapsed = started.elapsed();
    assert!(elapsed < Duration::from_secs(1), "{elapsed:?}");
    assert_eq!((said.status, said.err.as_str()), (0, ""));
    assert!(said.out.lines().all(|line| line.chars().count() <= 80));
    let row = |name: &str| -> Vec<&str> {
        let line = said
            .out
            .lines()
            .find(|line| line.split(' ').next() == Some(name));
        line.unwrap_or_else(|| panic!("no {name} in\n{}", said.out))
            .split_whitespace()
            .collect()
    };
    // Name, forward, centred, backward, χ₁, χ_q, mean, and PyTorch's with its mark.
    assert_eq!(row("gelu")[1..4], ["1.5335", "1.7009", "1.4811"]);
    assert_eq!(row("gelu").len(), 7);
    for (name, theirs) in [
        ("identity", ["1.0000", "✓"]),
        ("relu", ["1.4142", "✓"]),
        ("leaky_relu(0.01)", ["1.4141", "✓"]),
        ("selu", ["0.7500", "✗"]),
        ("tanh", ["1.6667", "✗"]),
        ("sigmoid", ["1.0000", "✗"]),
    ] {
        assert_eq!(row(name)[7..], theirs, "{name}");
    }
    // (5/3)²·E[tanh²] = 1.0953; E[σ²] = 0.2934.
    let foot = said.out.replace('\n', " ");
    assert!(foot.contains("tanh by 1.0953, sigmoid by 0.2934"), "{foot}");
}

#[test]
fn the_table_as_json_is_one_object_an_activation() {
    let rows = json(&["--all"]);
    let rows = rows.as_array().unwrap();
    assert!(rows.len() >= 32);
    let row = |name: &str| rows.iter().find(|row| row["activation"] == name).unwrap();
    assert!((row("tanh")["gain_pytorch"].as_f64().unwrap() - 5.0 / 3.0).abs() < 1e-15);
    assert!(row("gelu")["gain_pytorch"].is_null());
    assert_eq!(row("silu"), &json(&["silu"]));
}

#[test]
fn what_an_activation_cannot_have_is_left_out_of_the_table_with_a_notice() {
    let said = gain(&["--all", "--q", "1e-5"]);
    assert_eq!(said.status, 0, "{}", said.err);
    assert!(
        said.err.contains("left out: hardshrink(0.5)"),
        "{}",
        said.err
    );
    assert!(!said.out.contains("hardshrink"));
    assert!(said.out.contains("relu"));
}

#[test]
fn a_flat_activation_has_no_backward_gain() {
    assert!(json(&["sign(x)"])["gain_backward"].is_null());
    assert!(gain(&["sign(x)"]).out.contains("none"));
}

#[test]
fn unknown_names_come_with_the_nearest() {
    refused(
        &["geluu"],
        &["unknown name `geluu`", "did you mean `gelu`?"],
    );
    refused(
        &["x*sigmod(x)"],
        &[
            "`sigmod` at column 3",
            "`sigmoid`",
            "\n  x*sigmod(x)\n    ^",
        ],
    );
    refused(
        &["blah"],
        &["`blah`", "`evenkeel gain --all` lists the names"],
    );
}

#[test]
fn a_syntax_error_is_pointed_at() {
    refused(
        &["x * * 2"],
        &[
            "at column 5: expected a number",
            "found `*`",
            "\n  x * * 2\n      ^\n",
        ],
    );
    refused(&["(x + 1"], &["found the end", "\n  (x + 1\n        ^\n"]);
    refused(&["x $ 2"], &["found `$`", "\n  x $ 2\n    ^\n"]);
    refused(
        &["min(x)"],
        &["min at column 1 takes 2", "\n  min(x)\n  ^\n"],
    );
}

#[test]
fn each_wrong_activation_has_its_own_message() {
    refused(&["log(x)"], &["not a number at x = ", "ln(abs(x) + 1)"]);
    refused(&["1/x"], &["infinite at x = 0"]);
    refused(&["exp(x^2)"], &["grows too fast", "smaller variance"]);
    refused(&["2"], &["it is constant", "use an activation that varies"]);
    refused(&["0*x"], &["second moment at q = 1 is 0"]);
    refused(
        &["softplus(-1)"],
        &["softplus: beta must be a finite number above 0, got -1"],
    );
    refused(&["relu(1, 2)"], &["relu", "takes"]);
    refused(&[""], &["no activation given"]);
}

#[test]
fn wrong_options_are_refused() {
    refused(
        &["gelu", "--q", "-1"],
        &["variance q must be finite and above 0, got -1"],
    );
    refused(&["gelu", "--q", "0"], &["above 0, got 0"]);
    refused(&["--all", "--q", "inf"], &["got inf"]);
    refused(&["--jsno"], &["no option `--jsno`"]);
    refused(&[], &["NAME|EXPR"]);
    refused(&["gelu", "--all"], &["--all", "cannot be used"]);
}
