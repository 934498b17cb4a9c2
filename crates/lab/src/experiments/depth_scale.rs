//! How deep a plain tanh network trains, and whether theory knows it: 6 ξ_c.

mod phase;
mod plain;

use evenkeel_theory::{Activation, Analysis, MeanField, critical_point};

use self::plain::Plain;
use crate::error::LabError;
use crate::results::{Formula, Grid, GridAxis, GridLine, Number, Shading, Table, Value, map};
use crate::study::{Bench, Findings, Parameter, Study};

/// The `depth-scale` experiment.
pub(crate) struct DepthScale;

/// Variance of the biases: Schoenholz and others' own.
const SIGMA_B2: f64 = 0.05;

/// The σ_w² of the grid, ends included.
const SIGMA_W2: (f64, f64) = (1.0, 4.0);

/// The deepest networks of the default grid.
const DEEPEST: usize = 100;

/// Units of a hidden layer.
const WIDTH: usize = 64;

/// Images of a step. Small: what is asked is whether a network learns at all, not how well.
const BATCH: usize = 32;

/// Training images that a trained network is asked about.
const ASKED: usize = 512;

/// Of stochastic gradient descent: the learning rate of a network of one layer, and the momentum.
const RATE: f64 = 0.2;
const MOMENTUM: f64 = 0.9;

/// A network that tells more than a quarter of the digits right has begun to learn. Guessing gives a
/// tenth, with a standard error of 0.013 over [`ASKED`] images.
const LEARNT: f64 = 0.25;

/// The rule of thumb: a network trains to this many depth scales.
const SCALES: f64 = 6.0;

/// The six is read off a figure: cells within this factor of the line are left to either side.
const NEAR: f64 = 2.0;

/// Share of the cells away from the line that must be on the right side of it.
const RIGHT: f64 = 0.9;

impl Study for DepthScale {
    fn id(&self) -> &'static str {
        "depth-scale"
    }

    fn title(&self) -> &'static str {
        "How deep a plain network trains"
    }

    fn question(&self) -> &'static str {
        "Over the size of the weights and the depth, which tanh networks learn, and does 6 ξ_c tell them apart?"
    }

    fn takes(&self) -> &'static [Parameter] {
        &[Parameter::Depth, Parameter::Width]
    }

    fn default_size(&self) -> Option<(usize, usize)> {
        Some((DEEPEST, WIDTH))
    }

    fn note(&self) -> Option<&'static str> {
        Some(
            "with --depth L a finer grid, to L layers, and 600 steps: some three minutes for 300 layers",
        )
    }

    fn run(&self, bench: &Bench<'_>) -> Result<Findings, LabError> {
        let lattice = Lattice::of(bench)?;
        let line = line(bench)?;
        let mut cells = lattice.cells();
        // The deep ones take longest: they go first, so that no thread is left with one at the end.
        cells.sort_by_key(|cell| std::cmp::Reverse(cell.depth));
        let accuracies =
            bench.trials(cells.len(), |index| cells[index].accuracy(bench, &lattice))?;
        let mut trained: Vec<Trained> = Vec::with_capacity(cells.len());
        for (cell, accuracy) in cells.into_iter().zip(accuracies) {
            let scale = SCALES * lattice.columns[cell.column].xi_c;
            trained.push(Trained {
                cell,
                accuracy,
                scale,
            });
        }
        trained.sort_by_key(|t| (t.cell.depth, t.cell.column));

        let sides = Sides::of(&trained, lattice.width);
        let edge = critical_point(&Activation::tanh(), SIGMA_B2)?.sigma_w2;
        Ok(Findings {
            verdict: verdict(&trained, &sides, &lattice, edge),
            agrees: sides.right as f64 >= RIGHT * sides.away as f64,
            not_judged: (sides.away == 0)
                .then(|| format!("no network is further than a factor {NEAR} from the line 6 ξ_c")),
            measured: map([
                ("cells_away_from_the_line", Value::from(sides.away)),
                ("of_them_on_its_right_side", sides.right.into()),
                ("deepest_learnt", lattice.by_column(|c| deepest(&trained, c) as f64).into()),
                ("steps", lattice.steps.into()),
                ("batch", BATCH.into()),
                ("width", lattice.width.into()),
            ]),
            predicted: map([
                ("deepest_learnt", Value::from(lattice.by_column(|c| SCALES * lattice.columns[c].xi_c))),
                ("critical_sigma_w2", edge.into()),
            ]),
            formulas: vec![
                Formula {
                    text: "ξ_c = −1/ln C′(c*): the layers over which the correlation of two inputs comes closer to c* by \
                           a factor e; a network trains while l ≲ 6 ξ_c"
                        .to_owned(),
                    source: "Schoenholz, Gilmer, Ganguli & Sohl-Dickstein 2017, eq. 9 and Figure 5".to_owned(),
                },
                Formula {
                    text: "σ_w² = 1/E[φ′²] at the fixed point q*: the edge of chaos, where ξ_c is infinite".to_owned(),
                    source: "Poole et al. 2016; Schoenholz et al. 2017, Figure 1".to_owned(),
                },
            ],
            reading: vec![
                "Cells full of colour learnt. Left of the edge of chaos depth makes all inputs alike, right of it it tears close \
                 ones apart; in both the network no longer sees what it is to learn."
                    .to_owned(),
                "The phase diagram has the same theory over both variances. Networks of one depth were trained in it: filled \
                 circles learnt, empty ones did not. Those that learnt lie around the edge of chaos, within the contour \
                 of their depth or near it."
                    .to_owned(),
                "The line is 6 ξ_c, from theory alone: it rises to infinity at the edge of chaos. Few steps and few units \
                 let the deepest networks fall short of it."
                    .to_owned(),
            ],
            grids: vec![grid(&trained, &lattice, line)],
            phases: vec![phase::map(bench, lattice.width, lattice.steps)?],
            tables: vec![table(&trained, &lattice)],
            ..Findings::default()
        })
    }
}

/// What is run.
struct Lattice {
    /// What theory says at each σ_w².
    columns: Vec<Analysis>,
    depths: Vec<usize>,
    width: usize,
    steps: usize,
}

/// One network of it.
struct Cell {
    column: usize,
    depth: usize,
}

/// What became of it.
struct Trained {
    cell: Cell,
    accuracy: f64,
    /// 6 ξ_c
    scale: f64,
}

impl Lattice {
    fn of(bench: &Bench<'_>) -> Result<Self, LabError> {
        let settings = bench.settings;
        let (columns, rows, deepest, steps) = match settings.depth {
            Some(depth) => (16, 15, depth, settings.pick(150, 600)),
            None => settings.pick((5, 4, 60, 120), (11, 10, DEEPEST, 300)),
        };
        let (_, width) = bench.depth_and_width(deepest, WIDTH)?;
        let step = (SIGMA_W2.1 - SIGMA_W2.0) / (columns - 1) as f64;
        let mut depths: Vec<usize> = (1..=rows)
            .map(|row| (deepest * row).div_ceil(rows).max(2))
            .collect();
        depths.dedup();
        let columns =
            (0..columns).map(|column| analysis(SIGMA_W2.0 + step * column as f64, SIGMA_B2));
        Ok(Self {
            columns: columns.collect::<Result<_, _>>()?,
            depths,
            width,
            steps,
        })
    }

    fn cells(&self) -> Vec<Cell> {
        let depths = self.depths.iter();
        depths
            .flat_map(|&depth| (0..self.columns.len()).map(move |column| Cell { column, depth }))
            .collect()
    }

    fn by_column(&self, value: impl Fn(usize) -> f64) -> Vec<f64> {
        (0..self.columns.len()).map(value).collect()
    }
}

fn analysis(sigma_w2: f64, sigma_b2: f64) -> Result<Analysis, LabError> {
    Ok(MeanField::new(&Activation::tanh(), sigma_w2, sigma_b2)?.analyze()?)
}

/// 6 ξ_c over the whole axis.
fn line(bench: &Bench<'_>) -> Result<GridLine, LabError> {
    const POINTS: usize = 60;
    let x = |i: usize| SIGMA_W2.0 + (SIGMA_W2.1 - SIGMA_W2.0) * i as f64 / POINTS as f64;
    let y = bench.trials(POINTS + 1, |i| Ok(SCALES * analysis(x(i), SIGMA_B2)?.xi_c))?;
    Ok(GridLine {
        label: "6 ξ_c, the depth that trains by theory".to_owned(),
        x: (0..=POINTS).map(|i| x(i).into()).collect(),
        y: y.into_iter().map(Number).collect(),
    })
}

/// What a step may be, so that it changes the output of every network about as much: the gradient's
/// square grows by χ₁ a layer on its way back, and all layers add to the change, so it is shared among
/// the larger of L and 1 + χ₁ + … + χ₁^(L−1).
fn learning_rate(chi_1: f64, depth: usize) -> f64 {
    let mut factor = 1.0;
    let mut sum = 0.0;
    for _ in 0..depth {
        sum += factor;
        factor *= chi_1;
    }
    RATE / sum.max(depth as f64)
}

impl Cell {
    fn accuracy(&self, bench: &Bench<'_>, lattice: &Lattice) -> Result<f64, LabError> {
        let network = Plain {
            theory: &lattice.columns[self.column],
            depth: self.depth,
            width: lattice.width,
            steps: lattice.steps,
            stream: format!("depth-scale/{}/{}", self.column, self.depth),
        };
        network.accuracy(bench)
    }
}

/// How many cells lie on the side of the line that theory says.
struct Sides {
    /// Cells that theory speaks of.
    away: usize,
    right: usize,
}

impl Sides {
    /// Cells further than a factor [`NEAR`] from the line, of which those below it, which should
    /// learn, must be as far from their width: where depth comes near the width chance has its own
    /// limit, which ξ_c does not know.
    fn of(trained: &[Trained], width: usize) -> Self {
        let mut sides = Self { away: 0, right: 0 };
        for t in trained {
            let depth = t.cell.depth as f64;
            let should_learn = if depth * NEAR < t.scale.min(width as f64) {
                true
            } else if depth > NEAR * t.scale {
                false
            } else {
                continue;
            };
            sides.away += 1;
            sides.right += usize::from((t.accuracy >= LEARNT) == should_learn);
        }
        sides
    }
}

/// The deepest network of a column that learnt.
fn deepest(trained: &[Trained], column: usize) -> usize {
    let learnt = trained
        .iter()
        .filter(|t| t.cell.column == column && t.accuracy >= LEARNT);
    learnt.map(|t| t.cell.depth).max().unwrap_or(0)
}

fn verdict(trained: &[Trained], sides: &Sides, lattice: &Lattice, edge: f64) -> String {
    let best = (0..lattice.columns.len()).max_by_key(|&column| deepest(trained, column));
    let best = best.unwrap_or(0);
    let last = lattice.columns.len() - 1;
    format!(
        "After {} steps the deepest networks that learnt stand at σ_w² = {:.2} ({} layers); the edge of chaos is at \
         {edge:.2}. At σ_w² = {}, {} layers learnt (6 ξ_c = {:.0}); at {}, {} ({:.0}). Of the {} cells a \
         factor {NEAR} or more below the line 6 ξ_c and their width, or above the line, {} did as it says.",
        lattice.steps,
        lattice.columns[best].sigma_w2,
        deepest(trained, best),
        lattice.columns[0].sigma_w2,
        deepest(trained, 0),
        trained
            .iter()
            .find(|t| t.cell.column == 0)
            .map_or(f64::NAN, |t| t.scale),
        lattice.columns[last].sigma_w2,
        deepest(trained, last),
        trained
            .iter()
            .find(|t| t.cell.column == last)
            .map_or(f64::NAN, |t| t.scale),
        sides.away,
        sides.right,
    )
}

fn grid(trained: &[Trained], lattice: &Lattice, line: GridLine) -> Grid {
    let numbers = |values: &mut dyn Iterator<Item = f64>| values.map(Number).collect();
    Grid {
        name: format!(
            "Training accuracy of tanh networks after {} steps",
            lattice.steps
        ),
        x: GridAxis {
            label: "σ_w²".to_owned(),
            values: numbers(&mut lattice.columns.iter().map(|c| c.sigma_w2)),
            names: Vec::new(),
        },
        y: GridAxis {
            label: "layers".to_owned(),
            values: numbers(&mut lattice.depths.iter().map(|&d| d as f64)),
            names: Vec::new(),
        },
        value_label: "training accuracy".to_owned(),
        shading: Shading::Sequential,
        low: 0.1.into(),
        high: 1.0.into(),
        rows: trained
            .chunk_by(|a, b| a.cell.depth == b.cell.depth)
            .map(|row| row.iter().map(|t| t.accuracy.into()).collect())
            .collect(),
        lines: vec![line],
    }
}

fn table(trained: &[Trained], lattice: &Lattice) -> Table {
    let rows = lattice.columns.iter().enumerate().map(|(column, theory)| {
        vec![
            Value::from(theory.sigma_w2),
            theory.phase.word().into(),
            theory.chi_1.into(),
            theory.xi_c.into(),
            (SCALES * theory.xi_c).into(),
            deepest(trained, column).into(),
        ]
    });
    Table {
        name: format!(
            "The deepest of {} depths to {} that learnt (more than {:.0}% right)",
            lattice.depths.len(),
            lattice.depths[lattice.depths.len() - 1],
            100.0 * LEARNT
        ),
        columns: ["σ_w²", "phase", "χ₁", "ξ_c", "6 ξ_c", "deepest"]
            .map(str::to_owned)
            .to_vec(),
        rows: rows.collect(),
    }
}
