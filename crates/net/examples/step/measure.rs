//! Timing.

use std::error::Error;
use std::time::Instant;

use evenkeel_net::{Network, NoTap, Quantity, Recompute, Recorder, Sgd, Tap, Targets, Threads};

use crate::case::{Case, Noise, Taps, Update};
use crate::memory;

/// What was found in one run.
pub(crate) struct Found {
    /// Seconds of each step.
    pub(crate) times: Vec<f64>,
    /// Bytes of the arena, as planned.
    pub(crate) arena: usize,
    /// Bytes that the network says it holds, the arena included.
    pub(crate) planned: usize,
    /// By how many bytes the process's resident memory grew at most, from before the network
    /// was made; `None` where the system does not say.
    pub(crate) growth: Option<usize>,
}

/// Steps that are always timed, and as many as are enough.
const FEWEST: usize = 3;
const MOST: usize = 500;

/// Times steps of `case`, after one that first touches the memory, for about `seconds`.
pub(crate) fn run(case: &Case, threads: usize, seconds: f64) -> Result<Found, Box<dyn Error>> {
    let graph = case.graph()?;
    let features = graph.inputs().next().map_or(0, |x| x.shape().len());
    let x: Vec<f32> = (0..case.batch * features)
        .map(|i| ((i * 7919 % 1000) as f32) / 500.0 - 1.0)
        .collect();
    let labels: Vec<u8> = (0..case.batch).map(|i| (i % case.outputs) as u8).collect();

    let before = memory::resident_from_now();
    let advised = Recompute::advised(&graph, case.batch);
    let recompute = case.recompute.unwrap_or(advised);
    let mut network = Network::recomputing(graph, case.batch, recompute, Threads(threads))?;
    let mut noise = Noise(1);
    network.initialize(|spec, values| case.fill(spec, values, &mut noise));
    let recorder = match case.taps {
        Taps::None => None,
        Taps::All => Some(recorder(&network)?),
    };
    let tap: &dyn Tap = recorder.as_ref().map_or(&NoTap, |recorder| recorder);
    let mut sgd = Sgd::new(1e-4)?;
    let times = network.session(|network| -> Result<Vec<f64>, Failure> {
        let mut step = || -> Result<f64, Failure> {
            let start = Instant::now();
            network.forward(&[&x], Targets::Classes(&labels), tap)?;
            network.backward(tap)?;
            if case.update == Update::Sgd {
                sgd.step(network);
            }
            Ok(start.elapsed().as_secs_f64())
        };
        step()?;
        let mut times = Vec::with_capacity(MOST);
        let start = Instant::now();
        while times.len() < FEWEST
            || (start.elapsed().as_secs_f64() < seconds && times.len() < MOST)
        {
            times.push(step()?);
        }
        Ok(times)
    });
    let times = times.map_err(|failure| -> Box<dyn Error> { failure })?;
    let growth = before
        .zip(memory::peak())
        .map(|(before, peak)| peak.saturating_sub(before));
    Ok(Found {
        times,
        arena: network.plan().arena_bytes(),
        planned: network.memory_bytes(),
        growth,
    })
}

/// An error that may cross threads.
type Failure = Box<dyn Error + Send + Sync>;

/// Everything, with histograms of 64 bins.
fn recorder(network: &Network) -> Result<Recorder, Box<dyn Error>> {
    Ok(Recorder::new(network)
        .with_histograms(Quantity::Activation, -4.0, 4.0, 64)?
        .with_histograms(Quantity::Gradient, -1e-3, 1e-3, 64)?
        .with_histograms(Quantity::WeightGradient, -1e-3, 1e-3, 64)?)
}
