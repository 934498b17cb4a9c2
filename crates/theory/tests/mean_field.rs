//! Every number of `reference/mean_field.json` that belongs to the infinite-width theory.

use evenkeel_theory::{
    Activation, CriticalApproach, FixedPoints, FourthMoments, MeanField, MeanFieldError, Moments,
    Phase, Stability, WeightLaw, critical_line, critical_point, phase_diagram,
};
use serde_json::Value;

fn reference() -> Value {
    serde_json::from_str(include_str!("reference/mean_field.json")).unwrap()
}

#[track_caller]
fn close(what: &str, ours: f64, theirs: &Value, relative: f64) {
    let theirs = theirs.as_f64().unwrap();
    assert!(
        (ours - theirs).abs() <= relative * theirs.abs(),
        "{what}: {ours} for {theirs}"
    );
}

#[test]
fn tanh_at_its_fixed_points() {
    for row in reference()["tanh_sigma_b2_0.05"].as_array().unwrap() {
        let sigma_w2 = row["sigma_w2"].as_f64().unwrap();
        let net = MeanField::new(&Activation::tanh(), sigma_w2, 0.05).unwrap();
        let ours = net.analyze().unwrap();
        let pairs = [
            ("q_star", ours.q_star),
            ("chi_1", ours.chi_1),
            ("chi_q", ours.chi_q),
            ("c_star", ours.c_star),
            ("chi_c", ours.chi_c),
            ("xi_q", ours.xi_q),
            ("xi_c", ours.xi_c),
            ("xi_grad", ours.xi_grad),
            ("six_xi_c", 6.0 * ours.xi_c),
        ];
        for (name, value) in pairs {
            close(&format!("{name} at {sigma_w2}"), value, &row[name], 1e-8);
        }
        let expected = if ours.chi_1 > 1.0 {
            Phase::Chaotic
        } else {
            Phase::Ordered
        };
        assert_eq!(ours.phase, expected);
    }
}

#[test]
fn the_edge_of_chaos_of_tanh() {
    let tanh = Activation::tanh();
    for row in reference()["edge_of_chaos_tanh"].as_array().unwrap() {
        let sigma_b2 = row["sigma_b2"].as_f64().unwrap();
        let edge = critical_point(&tanh, sigma_b2).unwrap();
        close("sigma_w2", edge.sigma_w2, &row["sigma_w2"], 1e-8);
        close("q_star", edge.q_star, &row["q_star"], 1e-8);
        if sigma_b2 == 0.0 {
            assert!((edge.chi_q - 1.0).abs() < 1e-12);
            assert_eq!(edge.approach(&tanh).unwrap(), CriticalApproach::Constant);
            continue;
        }
        let net = edge.mean_field(&tanh).unwrap();
        let analysis = net.analyze().unwrap();
        assert_eq!(analysis.phase, Phase::Critical);
        assert!(analysis.xi_c.is_infinite());
        close("chi_q", edge.chi_q, &row["chi_q"], 1e-8);
        close("xi_q", analysis.xi_q, &row["xi_q"], 1e-8);
        let CriticalApproach::InverseDepth { coefficient } = edge.approach(&tanh).unwrap() else {
            panic!("tanh has no kink");
        };
        close(
            "approach",
            coefficient,
            &row["one_minus_c_times_l_limit"],
            1e-8,
        );
        let slope = Moments::at(&tanh, edge.q_star)
            .unwrap()
            .derivative_second_moment
            .value;
        let fourth = FourthMoments::at(&tanh, edge.q_star)
            .unwrap()
            .derivative
            .value;
        close(
            "mu2",
            fourth / (slope * slope),
            &row["mu2_over_mu1sq"],
            1e-8,
        );
        let jacobian = net
            .jacobian_moments(edge.q_star, 10, WeightLaw::Orthogonal)
            .unwrap();
        assert!((jacobian.mean_square - 1.0).abs() < 1e-9);
        let expected = 10.0 * (row["mu2_over_mu1sq"].as_f64().unwrap() - 1.0);
        assert!((jacobian.relative_variance - expected).abs() < 1e-6);
    }
}

#[test]
fn the_correlation_of_he_initialised_relu() {
    let net = MeanField::new(&Activation::relu(), 2.0, 0.0).unwrap();
    let map = net.correlation_map(1.0).unwrap();
    let reference = reference();
    let starts = reference["relu_he_correlation_iterates_from_c0"]
        .as_object()
        .unwrap();
    for (c0, iterates) in starts {
        let profile = map.profile(c0.parse().unwrap(), 10_000).unwrap();
        for (layer, theirs) in iterates.as_object().unwrap() {
            match layer.parse::<usize>() {
                Ok(layer) => {
                    let theirs = theirs.as_f64().unwrap();
                    assert!((profile[layer] - theirs).abs() < 1e-12, "{c0} at {layer}");
                }
                Err(_) => close(c0, 1e8 * (1.0 - profile[10_000]), theirs, 1e-6),
            }
        }
    }
    let edge = critical_point(&Activation::relu(), 0.0).unwrap();
    let CriticalApproach::InverseSquaredDepth { coefficient } =
        edge.approach(&Activation::relu()).unwrap()
    else {
        panic!("ReLU has a kink");
    };
    let nine_halves_pi_squared = 4.5 * std::f64::consts::PI * std::f64::consts::PI;
    assert!((coefficient / nine_halves_pi_squared - 1.0).abs() < 1e-12);
}

#[test]
fn the_approach_law_is_what_the_map_does() {
    // The law's next order is ln l/l for a smooth φ, and for one with a kink the curvature beside it,
    // which for SELU is 10√(1 − c) of the leading term: 16,000 layers bring both below 3%.
    for (name, power) in [
        ("tanh", 1.0),
        ("gelu", 1.0),
        ("hardtanh", 2.0),
        ("selu", 2.0),
    ] {
        let activation: Activation = name.parse().unwrap();
        let edge = critical_point(&activation, 0.2).unwrap_or_else(|e| panic!("{e}"));
        let net = edge.mean_field(&activation).unwrap();
        let depth = 16_000;
        let map = net.correlation_map(edge.q_star).unwrap();
        let last = map.profile(0.5, depth).unwrap()[depth];
        let (found, coefficient) = match edge.approach(&activation).unwrap() {
            CriticalApproach::InverseDepth { coefficient } => (1.0, coefficient),
            CriticalApproach::InverseSquaredDepth { coefficient } => (2.0, coefficient),
            CriticalApproach::Constant => panic!("{name} bends"),
        };
        assert_eq!(found, power, "{name}");
        let measured = (1.0 - last) * libm::pow(depth as f64, power);
        assert!(
            (measured / coefficient - 1.0).abs() < 0.03,
            "{name} {measured} {coefficient}"
        );
    }
}

#[test]
fn kernels_by_series_and_by_interpolation_match_closed_forms() {
    // Erf is a series; erf written with a harmless kink is interpolated.
    let erf = MeanField::new(&Activation::erf(), 1.7, 0.1).unwrap();
    let q = erf.equilibrium().unwrap().q;
    let map = erf.correlation_map(q).unwrap();
    let hard = MeanField::new(&"hardshrink(0.5)".parse().unwrap(), 0.9, 0.1).unwrap();
    let jumping = hard.correlation_map(1.0).unwrap();
    for c in [-1.0, -0.7, 0.0, 0.2, 0.6, 0.95, 0.9999] {
        let kernel = std::f64::consts::FRAC_2_PI * libm::asin(2.0 * q * c / (1.0 + 2.0 * q));
        let truth = (1.7 * kernel + 0.1) / q;
        assert!((map.value(c).unwrap() - truth).abs() < 1e-12, "erf at {c}");
        // The slope is the derivative of the value; the difference's own error is about 1e-7.
        if c.abs() < 0.99 {
            let h = 1e-5;
            for map in [&map, &jumping] {
                let difference =
                    (map.value(c + h).unwrap() - map.value(c - h).unwrap()) / (2.0 * h);
                let slope = map.slope(c).unwrap();
                assert!(
                    (difference - slope).abs() < 1e-6 * slope.abs().max(1.0),
                    "{c}"
                );
            }
        }
    }
    assert!(jumping.slope(1.0).unwrap().is_infinite());
    assert_eq!(hard.analyze().unwrap().phase, Phase::Chaotic);
}

#[test]
fn erf_on_its_closed_form_critical_line() {
    let erf = Activation::erf();
    for point in critical_line(&erf, &[0.01, 0.3, 1.0, 8.0]).unwrap() {
        let q = point.q_star;
        let sigma_w2 = std::f64::consts::FRAC_PI_4 * (1.0 + 4.0 * q).sqrt();
        let kernel = std::f64::consts::FRAC_2_PI * libm::asin(2.0 * q / (1.0 + 2.0 * q));
        assert!((point.sigma_w2 / sigma_w2 - 1.0).abs() < 1e-12);
        let sigma_b2 = q - sigma_w2 * kernel;
        assert!((point.sigma_b2 - sigma_b2).abs() < 1e-12 * q.max(1.0));
        let back = critical_point(&erf, point.sigma_b2).unwrap();
        assert!((back.q_star / q - 1.0).abs() < 1e-9, "{} {q}", back.q_star);
    }
}

#[test]
fn fixed_points_are_all_found_with_their_stability() {
    let points = |name: &str, w: f64, b: f64| {
        MeanField::new(&name.parse().unwrap(), w, b)
            .unwrap()
            .fixed_points()
            .unwrap()
    };
    assert_eq!(points("relu", 2.0, 0.0), FixedPoints::Every);
    assert_eq!(points("relu", 2.0, 0.1), FixedPoints::Isolated(Vec::new()));
    assert_eq!(points("relu", 3.0, 0.1), FixedPoints::Isolated(Vec::new()));
    let isolated = |found| match found {
        FixedPoints::Isolated(points) => points,
        FixedPoints::Every => panic!("not every q"),
    };
    let relu = isolated(points("relu", 1.0, 0.1));
    assert_eq!((relu.len(), relu[0].stability), (1, Stability::Stable));
    assert!((relu[0].q - 0.2).abs() < 1e-15);
    let tanh = isolated(points("tanh", 2.0, 0.0));
    let kinds: Vec<_> = tanh.iter().map(|point| point.stability).collect();
    assert_eq!(kinds, [Stability::Unstable, Stability::Stable]);
    // GELU at its gain: q = 1 is a fixed point that repels, between 0 and infinity.
    let gelu = isolated(points("gelu", 2.351_715_614_195_6, 0.0));
    assert_eq!(gelu.last().unwrap().stability, Stability::Unstable);
    assert!((gelu.last().unwrap().q - 1.0).abs() < 1e-6);
    // At σ_w² = 2 its V(q) nears q from below as q grows, without ever meeting it.
    assert_eq!(isolated(points("gelu", 2.0, 0.0)).len(), 1);
    // SELU at σ_w² = 1 has the fixed point it was made for.
    let selu = isolated(points("selu", 1.0, 0.0));
    assert!(
        selu.iter()
            .any(|p| (p.q - 1.0).abs() < 1e-12 && p.stability == Stability::Stable)
    );
}

#[test]
fn the_phase_diagram_agrees_with_the_exact_theory() {
    let sigma_w2 = [0.45, 1.1, 1.75, 3.05];
    let sigma_b2 = [0.0, 0.03, 0.5];
    for name in ["tanh", "hardtanh", "gelu", "relu", "sigmoid", "sin"] {
        let activation: Activation = name.parse().unwrap();
        let diagram = phase_diagram(&activation, &sigma_w2, &sigma_b2).unwrap();
        for (row, &b) in sigma_b2.iter().enumerate() {
            for (column, &w) in sigma_w2.iter().enumerate() {
                let fast = diagram.at(row, column);
                let what = format!("{name} at {w}, {b}");
                match MeanField::new(&activation, w, b).unwrap().analyze() {
                    Ok(exact) => {
                        assert_eq!(fast.phase, exact.phase, "{what}");
                        let size = exact.q_star.max(1e-3);
                        assert!((fast.q_star - exact.q_star).abs() < 1e-5 * size, "{what}");
                        assert!((fast.chi_1 - exact.chi_1).abs() < 1e-5, "{what}");
                        let off = (fast.c_star - exact.c_star).abs();
                        assert!(off < 1e-3, "{what}: {} {}", fast.c_star, exact.c_star);
                    }
                    Err(MeanFieldError::Diverges { .. }) => {
                        assert_eq!(fast.phase, Phase::Divergent, "{what}");
                    }
                    Err(other) => panic!("{what}: {other}"),
                }
            }
        }
    }
}

#[test]
fn bad_input_is_named() {
    let relu = Activation::relu();
    let negative = MeanField::new(&relu, -1.0, 0.0).unwrap_err();
    assert_eq!(
        negative.to_string(),
        "sigma_w2 must be finite and not below 0, got -1"
    );
    assert!(MeanField::new(&relu, 1.0, f64::NAN).is_err());
    let none = critical_point(&relu, 0.1).unwrap_err();
    assert!(
        matches!(none, MeanFieldError::NoCriticalPoint { sigma_b2: 0.1, .. }),
        "{none}"
    );
    let diverges = MeanField::new(&relu, 2.1, 0.0)
        .unwrap()
        .equilibrium()
        .unwrap_err();
    assert!(
        matches!(diverges, MeanFieldError::Diverges { .. }),
        "{diverges}"
    );
    let grows = MeanField::new(&relu, 2.1, 0.1)
        .unwrap()
        .analyze()
        .unwrap_err();
    assert!(grows.to_string().contains("grows without end"), "{grows}");
    let net = MeanField::new(&Activation::tanh(), 1.0, 0.1).unwrap();
    assert!(net.correlation_map(0.0).is_err());
    assert!(net.correlation_map(1.0).unwrap().value(1.2).is_err());
    assert!(net.variance_profile(-1.0, 3).is_err());
}

#[test]
fn variances_that_overflow_are_infinite() {
    let profile = MeanField::new(&Activation::relu(), 4.0, 0.0).unwrap();
    let profile = profile.variance_profile(1.0, 2000).unwrap();
    assert_eq!((profile[3], profile[2000]), (8.0, f64::INFINITY));
    let gelu = MeanField::new(&Activation::gelu(), 8.0, 0.0).unwrap();
    assert_eq!(gelu.variance_profile(1.0, 800).unwrap()[800], f64::INFINITY);
}

#[test]
fn a_phase_diagram_of_200_by_200_takes_seconds_and_the_same_bits_on_any_threads() {
    let axis = |high: f64| -> Vec<f64> { (0..200).map(|i| high * f64::from(i) / 199.0).collect() };
    let (sigma_w2, sigma_b2) = (axis(4.0), axis(0.5));
    for name in ["tanh", "hardtanh", "gelu"] {
        let activation: Activation = name.parse().unwrap();
        let run = |threads: usize| {
            let pool = rayon::ThreadPoolBuilder::new()
                .num_threads(threads)
                .build()
                .unwrap();
            pool.install(|| phase_diagram(&activation, &sigma_w2, &sigma_b2).unwrap())
        };
        let started = std::time::Instant::now();
        let two = run(2);
        let seconds = started.elapsed().as_secs_f64();
        assert!(seconds < 3.0, "{name}: {seconds} s");
        let bits = |points: &[evenkeel_theory::PhasePoint]| -> Vec<[u64; 4]> {
            points
                .iter()
                .map(|p| [p.q_star, p.chi_1, p.c_star, p.xi_c].map(f64::to_bits))
                .collect()
        };
        for threads in [1, 5] {
            assert_eq!(bits(&run(threads).points), bits(&two.points), "{name}");
        }
    }
}

#[test]
fn residual_maps_reduce_to_the_plain_ones() {
    use evenkeel_theory::ResidualMeanField;
    let plain = MeanField::new(&Activation::tanh(), 1.6, 0.1).unwrap();
    // Without a skip path and at branch scale one, it is the plain network.
    let bare = ResidualMeanField::new(plain.clone(), 1.0, 0.0).unwrap();
    assert_eq!(
        bare.variance_map(0.7).unwrap(),
        plain.variance_map(0.7).unwrap()
    );
    assert_eq!(bare.chi_1(0.7).unwrap(), plain.chi_1(0.7).unwrap());
    let branch = plain.correlation_map(0.7).unwrap().value(0.3).unwrap();
    assert!((bare.correlation_map(0.7, 0.3).unwrap() - branch).abs() < 1e-15);
    // ReLU at σ_w² = 2: both variance and gradient grow by 1 + α² a layer.
    let relu = MeanField::new(&Activation::relu(), 2.0, 0.0).unwrap();
    let net = ResidualMeanField::new(relu, 0.5, 1.0).unwrap();
    let gradients = net.gradient_profile(1.0, 8).unwrap();
    assert!((gradients[0] - libm::pow(1.25, 8.0)).abs() < 1e-12);
    assert_eq!(gradients[8], 1.0);
    assert!(ResidualMeanField::new(plain, -1.0, 1.0).is_err());
}

#[test]
fn every_activation_rests_at_its_gain() {
    // At σ_w² = gain² the variance 1 is kept, by an unstable activation too: rounding must not carry
    // it away.
    for activation in Activation::all() {
        let gain = evenkeel_theory::Gain::of(&activation).unwrap();
        let net = MeanField::new(&activation, gain.forward * gain.forward, 0.0).unwrap();
        let point = net.equilibrium().unwrap();
        assert!((point.q - 1.0).abs() < 1e-12, "{activation}: {}", point.q);
        assert!(
            (point.chi_q - gain.chi_q).abs() < 1e-9,
            "{activation}: {}",
            point.chi_q
        );
        // And the list of fixed points has it, with the same slope.
        if let FixedPoints::Isolated(points) = net.fixed_points().unwrap() {
            assert!(
                points
                    .iter()
                    .any(|p| (p.q - 1.0).abs() < 1e-9 && (p.chi_q - gain.chi_q).abs() < 1e-6),
                "{activation}: {points:?}"
            );
        }
    }
}

#[test]
fn where_there_is_no_critical_point_the_error_says_where_one_is() {
    let refusal = |name: &str, sigma_b2| {
        let activation: Activation = name.parse().unwrap();
        critical_point(&activation, sigma_b2)
            .unwrap_err()
            .to_string()
    };
    assert!(refusal("relu", 0.1).ends_with("its only one is at sigma_b2 = 0"));
    assert!(refusal("softplus", 0.0).contains("none at any sigma_b2"));
    assert!(refusal("softshrink", 0.0).contains("from 2.050e-4 to"));
    // Its slope is zero at zero, so q → 0 is no critical point, whatever rounding leaves of it.
    assert!(refusal("tanhshrink", 0.0).contains("no critical point"));
}

#[test]
fn the_phase_diagram_of_an_activation_that_is_zero_about_zero_is_whole() {
    // Its expectations cannot be had for small q: that must not read as a variance that diverges.
    let hard: Activation = "hardshrink(0.5)".parse().unwrap();
    let diagram = phase_diagram(&hard, &[0.5, 1.5], &[0.05]).unwrap();
    let exact = MeanField::new(&hard, 0.5, 0.05).unwrap().analyze().unwrap();
    assert_eq!(diagram.at(0, 0).phase, exact.phase);
    assert!((diagram.at(0, 0).q_star / exact.q_star - 1.0).abs() < 1e-4);
    assert_eq!(diagram.at(0, 1).phase, Phase::Divergent);
}

#[test]
fn gaussian_weights_spread_the_spectrum_by_one_a_layer_more_than_orthogonal_ones() {
    // E[φ′⁴]/E[φ′²]² of ReLU is ½/¼ = 2 at every variance (Pennington and others, 2018).
    let net = MeanField::new(&Activation::relu(), 3.0, 0.0).unwrap();
    for (weights, spread) in [(WeightLaw::Gaussian, 2.0), (WeightLaw::Orthogonal, 1.0)] {
        let moments = net.jacobian_moments(0.7, 12, weights).unwrap();
        assert!((moments.relative_variance / (12.0 * spread) - 1.0).abs() < 1e-12);
        assert!((moments.mean_square / libm::pow(1.5, 12.0) - 1.0).abs() < 1e-12);
    }
    let flat: Activation = "sign(x)".parse().unwrap();
    let error = MeanField::new(&flat, 1.0, 0.0)
        .unwrap()
        .jacobian_moments(1.0, 12, WeightLaw::Gaussian)
        .unwrap_err();
    assert!(matches!(error, MeanFieldError::Flat { .. }), "{error}");
}

#[test]
fn a_critical_point_that_the_variance_runs_away_from_is_analysed_where_it_is() {
    let gelu = Activation::gelu();
    let edge = critical_point(&gelu, 0.05).unwrap();
    let analysis = edge
        .mean_field(&gelu)
        .unwrap()
        .analyze_at(edge.q_star)
        .unwrap();
    assert_eq!(analysis.phase.to_string(), "critical");
    assert!((analysis.chi_1 - 1.0).abs() < 1e-12, "{}", analysis.chi_1);
    // An unstable fixed point: what is off by a little is further off a layer later.
    let net = edge.mean_field(&gelu).unwrap();
    let off = 1e-6 * edge.q_star;
    let profile = net.variance_profile(edge.q_star + off, 1).unwrap();
    let growth = (profile[1] - edge.q_star) / off;
    assert!((growth / analysis.chi_q - 1.0).abs() < 1e-5, "{growth}");
    let phase = |sigma_w2| {
        let net = MeanField::new(&Activation::tanh(), sigma_w2, 0.1).unwrap();
        net.analyze().unwrap().phase.to_string()
    };
    assert_eq!([phase(0.5), phase(4.0)], ["ordered", "chaotic"]);
}
