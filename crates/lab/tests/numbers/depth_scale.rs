//! How deep tanh networks train, beside depth scales of others at σ_b² = 0.05.

use std::sync::OnceLock;

use evenkeel_lab::Settings;
use evenkeel_lab::results::{Experiment, Grid, Learnt, Number, PhaseMap};

use super::{agreeing, alike_on_one_thread, measured, predicted, quick};

/// σ_w² and 6 ξ_c, from f64 trapezoids in NumPy.
const SIX_XI_C: [(f64, f64); 7] = [
    (1.0, 21.761_853_708_3),
    (1.5, 94.745_964_204_7),
    (1.75, 2_557.186_111),
    (2.0, 151.280_488_73),
    (2.5, 70.773_585_10),
    (3.25, 49.909_988_65),
    (4.0, 41.881_641_20),
];

/// The edge of chaos, from the same.
const EDGE: f64 = 1.760_954_639_606_74;

/// A network that tells this share of the digits right has learnt.
const LEARNT: f64 = 0.25;

fn short_form() -> &'static Experiment {
    static FOUND: OnceLock<Experiment> = OnceLock::new();
    FOUND.get_or_init(|| agreeing(&quick("depth-scale")))
}

fn grid(experiment: &Experiment) -> &Grid {
    match &experiment.grids[..] {
        [grid] => grid,
        grids => panic!("{} grids", grids.len()),
    }
}

fn plain(numbers: &[Number]) -> Vec<f64> {
    numbers.iter().map(|number| number.0).collect()
}

fn known(sigma_w2: f64) -> f64 {
    let known = SIX_XI_C.iter().find(|(at, _)| (at - sigma_w2).abs() < 1e-9);
    known.unwrap_or_else(|| panic!("{sigma_w2}")).1
}

#[test]
fn the_line_is_six_depth_scales() {
    let found = short_form();
    let [line] = &grid(found).lines[..] else {
        panic!("one line");
    };
    let line: Vec<(f64, f64)> = plain(&line.x).into_iter().zip(plain(&line.y)).collect();
    for (sigma_w2, expected) in SIX_XI_C {
        let at = line.iter().find(|(x, _)| (x - sigma_w2).abs() < 1e-9);
        let &(_, y) = at.unwrap_or_else(|| panic!("{sigma_w2}"));
        assert!((y / expected - 1.0).abs() < 1e-6, "{sigma_w2}: {y}");
    }
    let columns = plain(&grid(found).x.values);
    assert_eq!(columns, [1.0, 1.75, 2.5, 3.25, 4.0]);
    let told: Vec<f64> = serde_json::from_value(predicted(found, "deepest_learnt")).unwrap();
    assert_eq!(told.len(), columns.len());
    for (sigma_w2, ours) in columns.into_iter().zip(told) {
        let expected = known(sigma_w2);
        assert!((ours / expected - 1.0).abs() < 1e-6, "{sigma_w2}: {ours}");
    }
    let edge = predicted(found, "critical_sigma_w2").as_f64().unwrap();
    assert!((edge - EDGE).abs() < 1e-9, "{edge}");
}

#[test]
fn networks_learn_below_it_and_not_above() {
    let found = short_form();
    let grid = grid(found);
    let depths = plain(&grid.y.values);
    assert_eq!(depths, [15.0, 30.0, 45.0, 60.0]);
    let (mut away, mut right) = (0, 0);
    let mut deepest = vec![0.0; grid.x.values.len()];
    for (&depth, row) in depths.iter().zip(&grid.rows) {
        assert_eq!(row.len(), deepest.len());
        for ((accuracy, x), deepest) in row.iter().zip(&grid.x.values).zip(&mut deepest) {
            assert!((0.0..=1.0).contains(&accuracy.0), "{accuracy:?}");
            let learnt = accuracy.0 >= LEARNT;
            if learnt {
                *deepest = depth;
            }
            // Half of the line, or of the 64 units where that is less; and twice the line.
            let line = known(x.0);
            let below = 2.0 * depth < line.min(64.0);
            if below || depth > 2.0 * line {
                away += 1;
                right += u64::from(learnt == below);
            }
        }
    }
    // σ_w² = 1: above at 45 and 60; 1.75, 2.5 and 3.25: below at 15, 1.75 and 2.5 at 30 too; 4: below at 15.
    assert_eq!(away, 8);
    assert_eq!(measured(found, "cells_away_from_the_line"), away);
    assert_eq!(measured(found, "of_them_on_its_right_side"), right);
    assert!(right >= 7, "{right} of {away}");
    let told: Vec<f64> = serde_json::from_value(measured(found, "deepest_learnt")).unwrap();
    assert_eq!(told, deepest);
    // Next to the edge the deepest of all; those on either side fall short of it.
    assert!(
        deepest[1] > deepest[0] && deepest[1] > deepest[4],
        "{told:?}"
    );
    let [table] = &found.tables[..] else {
        panic!("one table");
    };
    assert_eq!(table.rows.len(), 5);
    assert_eq!(table.rows[0][1], "ordered".into());
    assert_eq!(table.rows[4][1], "chaotic".into());
}

/// Where an axis has a value.
fn node(axis: &[f64], value: f64) -> usize {
    let at = axis.iter().position(|x| (x - value).abs() < 1e-9);
    at.unwrap_or_else(|| panic!("no {value} in {axis:?}"))
}

fn phases(found: &Experiment) -> &PhaseMap {
    match &found.phases[..] {
        [map] => map,
        maps => panic!("{} phase diagrams", maps.len()),
    }
}

#[test]
fn the_phase_diagram_has_the_known_phases() {
    let map = phases(short_form());
    let (columns, rows) = (plain(&map.sigma_w2), plain(&map.sigma_b2));
    assert_eq!(
        (map.phases.len(), map.chi_1.len()),
        (rows.len(), rows.len() * columns.len())
    );
    let row = node(&rows, 0.05);
    for (sigma_w2, phase, chi_1, xi_c) in [
        (1.0, 'o', 0.759_031_647_185_4, 3.626_975_618_053),
        (2.0, 'c', 1.047_665_999_575_7, 25.213_414_789),
    ] {
        let column = node(&columns, sigma_w2);
        assert_eq!(map.phases[row].chars().nth(column), Some(phase));
        let index = row * columns.len() + column;
        let (ours, scale) = (map.chi_1[index].0, map.xi_c[index].0);
        // A diagram is for drawing: its fixed points are good to some 10⁻⁶.
        assert!((ours - chi_1).abs() < 2e-6, "{sigma_w2}: {ours}");
        assert!((scale / xi_c - 1.0).abs() < 1e-4, "{sigma_w2}: {scale}");
    }
    // For small q the edge is σ_w² = 1 + 2q − 3q² + …, σ_b² = (4/3)q³ + …
    let small = map
        .critical
        .iter()
        .filter(|p| (1e-4..0.02).contains(&p.q_star.0));
    let small: Vec<_> = small.collect();
    assert!(small.len() > 20, "{}", small.len());
    for point in small {
        let q = point.q_star.0;
        assert!((point.sigma_w2.0 - 1.0 - 2.0 * q + 3.0 * q * q).abs() < 20.0 * q.powi(3));
        let bias = 4.0 / 3.0 * q.powi(3);
        assert!(
            (point.sigma_b2.0 - bias).abs() < 10.0 * q.powi(4),
            "{point:?}"
        );
    }
    assert_eq!((map.own.sigma_w2.0, map.own.phase.as_str()), (1.0, "e"));
}

#[test]
fn thirty_layers_learn_near_the_edge_alone() {
    let map = phases(short_form());
    assert_eq!((map.depth, map.trained.len()), (30, 15));
    let (columns, rows) = (plain(&map.sigma_w2), plain(&map.sigma_b2));
    let (mut below, mut above) = (0, 0);
    for place in &map.trained {
        assert_eq!(place.learnt == Learnt::Yes, place.accuracy.0 >= LEARNT);
        let row = node(&rows, place.sigma_b2.0);
        let xi_c = map.xi_c[row * columns.len() + node(&columns, place.sigma_w2.0)].0;
        // Less than half of the line, and more than twice it.
        if 2.0 * 30.0 < 6.0 * xi_c {
            below += 1;
            assert_eq!(place.learnt, Learnt::Yes, "{place:?}");
        } else if 30.0 > 2.0 * 6.0 * xi_c {
            above += 1;
            assert_eq!(place.learnt, Learnt::No, "{place:?}");
        }
    }
    assert!(below >= 2 && above >= 3, "{below} {above}");
}

#[test]
fn a_depth_of_the_users_makes_a_finer_grid() {
    let settings = Settings {
        depth: Some(2),
        width: Some(32),
        ..quick("depth-scale")
    };
    let found = agreeing(&settings);
    let grid = grid(&found);
    // All fifteen depths to 2 are 2, and of networks of two layers every one learns.
    assert_eq!(
        (grid.x.values.len(), plain(&grid.y.values)),
        (16, vec![2.0])
    );
    assert!(grid.rows[0].iter().all(|a| a.0 > 0.5), "{:?}", grid.rows);
    assert_eq!(measured(&found, "of_them_on_its_right_side"), 16);
    alike_on_one_thread(&settings, &found);
}
