//! What both binaries share: the case from arguments of the form `key=value`, the data, the clock
//! and the answer, as the step example of evenkeel-net has them.

use std::time::Instant;

use anyhow::{Context, Result, bail};

/// Steps that are always timed, and as many as are enough.
const FEWEST: usize = 3;
const MOST: usize = 500;
/// Both libraries walk their graphs by recursion somewhere: 10,000 layers need room.
const STACK: usize = 4 << 30;

/// A network and what is done with it.
#[derive(Clone, Copy, Debug)]
pub struct Case {
    pub net: Net,
    pub inputs: usize,
    pub width: usize,
    pub depth: usize,
    pub outputs: usize,
    pub batch: usize,
    pub update: Update,
    pub seconds: f64,
}

/// Which network.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Net {
    /// `depth` linear layers, with ReLU between them.
    Mlp,
    /// `depth` times x + relu(W x + b), then a linear layer.
    Residual,
}

/// Whether the weights are changed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Update {
    None,
    Sgd,
}

impl Case {
    fn from_arguments() -> Result<Self> {
        let arguments: Vec<String> = std::env::args().skip(1).collect();
        let text = |key: &str| {
            let mut pairs = arguments.iter().filter_map(|pair| pair.split_once('='));
            let found = pairs.find(|&(name, _)| name == key);
            found
                .map(|(_, value)| value)
                .with_context(|| format!("{key}=VALUE is missing"))
        };
        let number = |key| {
            text(key)?
                .parse()
                .with_context(|| format!("{key} is no number"))
        };
        Ok(Self {
            net: match text("net")? {
                "mlp" => Net::Mlp,
                "residual" => Net::Residual,
                other => bail!("net={other}: there are mlp and residual"),
            },
            inputs: number("inputs")?,
            width: number("width")?,
            depth: number("depth")?,
            outputs: number("outputs")?,
            batch: number("batch")?,
            update: match text("update")? {
                "sgd" => Update::Sgd,
                "none" => Update::None,
                other => bail!("update={other}: there are sgd and none"),
            },
            seconds: number("seconds")? as f64,
        })
    }

    /// Inputs and outputs of each linear layer.
    pub fn layers(&self) -> Vec<(usize, usize)> {
        let hidden = match self.net {
            Net::Mlp => self.depth - 1,
            Net::Residual => self.depth,
        };
        let inputs = (0..=hidden).map(|i| if i == 0 { self.inputs } else { self.width });
        let outputs = (0..=hidden).map(|i| if i < hidden { self.width } else { self.outputs });
        inputs.zip(outputs).collect()
    }

    /// Weights of a linear layer, from −bound to bound, such that values neither explode nor
    /// become subnormal: Kaiming's in a plain network, little enough in a deep residual one.
    pub fn bound(&self, inputs: usize) -> f64 {
        let scale = match self.net {
            Net::Mlp => 1.0,
            Net::Residual => 0.01,
        };
        scale * (6.0 / inputs as f64).sqrt()
    }

    pub fn examples(&self) -> Vec<f32> {
        (0..self.batch * self.inputs)
            .map(|i| ((i * 7919 % 1000) as f32) / 500.0 - 1.0)
            .collect()
    }

    pub fn labels(&self) -> Vec<u32> {
        (0..self.batch).map(|i| (i % self.outputs) as u32).collect()
    }

    /// Prints the seconds of each step, after one that first touches the memory.
    pub fn time(&self, mut step: impl FnMut() -> Result<()>) -> Result<()> {
        step()?;
        let mut times = Vec::with_capacity(MOST);
        let start = Instant::now();
        while times.len() < FEWEST
            || (start.elapsed().as_secs_f64() < self.seconds && times.len() < MOST)
        {
            let start = Instant::now();
            step()?;
            times.push(start.elapsed().as_secs_f64());
        }
        println!("{}", serde_json::json!({ "times": times }));
        Ok(())
    }
}

/// Runs `work` on the case of the arguments, with a stack that is large enough.
pub fn with_case(work: fn(Case) -> Result<()>) -> Result<()> {
    let case = Case::from_arguments()?;
    let thread = std::thread::Builder::new().stack_size(STACK);
    let done = thread.spawn(move || work(case))?.join();
    // What a panic had to say is on stderr.
    done.unwrap_or_else(|_| bail!("the step panicked"))
}
