//! The table.

use std::error::Error;

use crate::case::{Case, Net, Nonlinearity, Taps, Update};
use crate::measure;

/// Seconds for each line.
const SECONDS: f64 = 1.5;

fn rows() -> Vec<(&'static str, Case)> {
    let case = |net, [inputs, width, depth]: [usize; 3], batch, taps| Case {
        net,
        inputs,
        width,
        depth,
        outputs: 10,
        batch,
        update: Update::Sgd,
        taps,
        recompute: None,
    };
    let plain = |shape, batch| case(Net::Mlp(Nonlinearity::Relu), shape, batch, Taps::None);
    let residual = |shape| case(Net::Residual, shape, 64, Taps::None);
    let curved = |nonlinearity| case(Net::Mlp(nonlinearity), [256, 256, 50], 256, Taps::None);
    vec![
        ("784-50-10, batch 512", plain([784, 50, 2], 512)),
        ("784-512-512-10, batch 256", plain([784, 512, 3], 256)),
        ("50 layers x 256, batch 256", plain([256, 256, 50], 256)),
        ("50 layers x 256, tanh", curved(Nonlinearity::Tanh)),
        ("50 layers x 256, gelu", curved(Nonlinearity::Gelu)),
        ("10,000 layers x 16, batch 64", plain([16, 16, 10_000], 64)),
        ("10,000 residual x 16, batch 64", residual([16, 16, 10_000])),
        ("10,000 residual x 32, batch 64", residual([32, 32, 10_000])),
        ("10,000 residual x 64, batch 64", residual([64, 64, 10_000])),
        ("100 x 512, batch 512", plain([512, 512, 100], 512)),
        (
            "100 x 512, batch 512, all taps",
            case(
                Net::Mlp(Nonlinearity::Relu),
                [512, 512, 100],
                512,
                Taps::All,
            ),
        ),
    ]
}

/// Prints the rows whose name contains the second argument, for as many threads as the first
/// says, or else for 1 and 2.
pub(crate) fn print(arguments: &[String]) -> Result<(), Box<dyn Error>> {
    let asked = arguments.first().map(|text| text.parse()).transpose()?;
    let counts: Vec<usize> = asked.map_or(vec![1, 2], |count| vec![count]);
    let wanted = arguments.get(1).map_or("", String::as_str);
    for (name, case) in rows().into_iter().filter(|(name, _)| name.contains(wanted)) {
        for &threads in &counts {
            let mut found = measure::run(&case, threads, SECONDS)?;
            found.times.sort_by(f64::total_cmp);
            let median = found.times[found.times.len() / 2];
            println!(
                "{name:32} {threads} thread(s) {:9.3} ms (fastest {:9.3}) {:7.1} GFLOP/s  arena {:7.1} MiB",
                median * 1e3,
                found.times[0] * 1e3,
                case.work(&case.graph()?) / median / 1e9,
                found.arena as f64 / f64::from(1 << 20)
            );
        }
    }
    Ok(())
}
