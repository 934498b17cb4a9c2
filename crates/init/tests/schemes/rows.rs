use evenkeel_init::{
    Bounds, Connections, Convention, DepthScale, Fan, GateOrder, Geometry, Layer, Scheme, Shape,
};

use crate::layers::{Fans, has_fans, has_kernel};

/// A scheme, where it applies, and what must come out.
pub(crate) struct Row {
    pub(crate) name: &'static str,
    pub(crate) scheme: Scheme,
    pub(crate) suits: fn(&Geometry) -> bool,
    pub(crate) expected: Expected,
}

/// What must come out, by formulas written down independently of the library's.
pub(crate) enum Expected {
    /// Independent values of this distribution, whose std follows from the fans.
    Drawn(Drawn, fn(&Fans) -> f64),
    /// One value throughout.
    Constant(f64),
    /// Blocks with orthonormal rows or columns, times this gain; at the centre tap only, or flat.
    Orthogonal(f64, Taps),
    /// Values by output, input and tap of a block (all `true` at the centre tap) and its number.
    Placed(fn(&Fans, Place) -> f64),
    /// Normal values with this std, where a share of each output's or input's is 0.
    Sparse(f64, f64, Connections),
}

#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Taps {
    Flat,
    Centre,
}

/// Where an element lies, as the judge works it out by itself.
#[derive(Clone, Copy)]
pub(crate) struct Place {
    pub(crate) row: usize,
    pub(crate) column: usize,
    pub(crate) at_centre: bool,
    pub(crate) batch: usize,
    /// The triangle's height at this tap.
    pub(crate) triangle: f64,
}

#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Drawn {
    Normal,
    Uniform,
    /// Cut at this many standard deviations of the parent, on both sides.
    Truncated(f64),
}

fn any(_: &Geometry) -> bool {
    true
}

fn matrix(geometry: &Geometry) -> bool {
    has_fans(geometry) && !has_kernel(geometry)
}

fn lstm(geometry: &Geometry) -> bool {
    matches!(geometry.layer(), Layer::GateBias { .. })
}

fn row(
    name: &'static str,
    scheme: Scheme,
    suits: fn(&Geometry) -> bool,
    expected: Expected,
) -> Row {
    Row {
        name,
        scheme,
        suits,
        expected,
    }
}

/// Every scheme that draws independent values.
fn drawn() -> Vec<Row> {
    use self::Drawn::{Normal, Truncated, Uniform};
    use Expected::Drawn;
    let fans = has_fans;
    let two_sigma = Bounds::Sigmas {
        low: -2.0,
        high: 2.0,
    };
    let absolute = Bounds::Absolute {
        low: -0.3,
        high: 0.3,
    };
    vec![
        row(
            "uniform",
            Scheme::uniform(-0.3, 0.3),
            any,
            Drawn(Uniform, |_| 0.3 / 3.0_f64.sqrt()),
        ),
        row(
            "normal",
            Scheme::normal(0.0, 0.02),
            any,
            Drawn(Normal, |_| 0.02),
        ),
        row(
            "truncated, resulting",
            Scheme::truncated_normal(0.0, 0.1, two_sigma, Convention::Resulting),
            any,
            Drawn(Truncated(2.0), |_| 0.1),
        ),
        row(
            // The parent's 0.15, cut at 2σ: times √(1 − 2·2·φ(2)/(2Φ(2) − 1)).
            "truncated, parent",
            Scheme::truncated_normal(0.0, 0.15, absolute, Convention::Parent),
            any,
            Drawn(Truncated(2.0), |_| 0.15 * 0.879_625_661_034_239_8),
        ),
        row(
            "variance scaling, in",
            Scheme::variance_scaling(1.7, Fan::In, Shape::Normal),
            fans,
            Drawn(Normal, |f| (1.7 / f.fan_in).sqrt()),
        ),
        row(
            "variance scaling, out",
            Scheme::variance_scaling(1.7, Fan::Out, Shape::Uniform),
            fans,
            Drawn(Uniform, |f| (1.7 / f.fan_out).sqrt()),
        ),
        row(
            "variance scaling, between",
            Scheme::variance_scaling(0.3, Fan::GeometricMean, Shape::TruncatedNormal),
            fans,
            Drawn(Truncated(2.0), |f| {
                (0.3 / (f.fan_in * f.fan_out).sqrt()).sqrt()
            }),
        ),
        row(
            "xavier_normal",
            Scheme::xavier_normal(1.5),
            fans,
            Drawn(Normal, |f| 1.5 * (2.0 / (f.fan_in + f.fan_out)).sqrt()),
        ),
        row(
            "xavier_uniform",
            Scheme::xavier_uniform(1.0),
            fans,
            Drawn(Uniform, |f| (2.0 / (f.fan_in + f.fan_out)).sqrt()),
        ),
        row(
            "xavier_truncated_normal",
            Scheme::xavier_truncated_normal(1.0),
            fans,
            Drawn(Truncated(2.0), |f| (2.0 / (f.fan_in + f.fan_out)).sqrt()),
        ),
        row(
            "kaiming_normal",
            Scheme::kaiming_normal(2.0_f64.sqrt(), Fan::In),
            fans,
            Drawn(Normal, |f| (2.0 / f.fan_in).sqrt()),
        ),
        row(
            "kaiming_uniform",
            Scheme::kaiming_uniform(2.0_f64.sqrt(), Fan::Out),
            fans,
            Drawn(Uniform, |f| (2.0 / f.fan_out).sqrt()),
        ),
        row(
            "kaiming_truncated_normal",
            Scheme::kaiming_truncated_normal(2.0_f64.sqrt(), Fan::In),
            fans,
            Drawn(Truncated(2.0), |f| (2.0 / f.fan_in).sqrt()),
        ),
        row(
            "lecun_normal",
            Scheme::lecun_normal(),
            fans,
            Drawn(Normal, |f| 1.0 / f.fan_in.sqrt()),
        ),
        row(
            "lecun_uniform",
            Scheme::lecun_uniform(),
            fans,
            Drawn(Uniform, |f| 1.0 / f.fan_in.sqrt()),
        ),
        row(
            "lecun_truncated_normal",
            Scheme::lecun_truncated_normal(),
            fans,
            Drawn(Truncated(2.0), |f| 1.0 / f.fan_in.sqrt()),
        ),
        row(
            "pytorch weight",
            Scheme::pytorch_linear_default_weight(),
            fans,
            Drawn(Uniform, |f| 1.0 / (3.0 * f.fan_in).sqrt()),
        ),
        row(
            "pytorch bias",
            Scheme::pytorch_linear_default_bias(100),
            any,
            Drawn(Uniform, |_| 0.1 / 3.0_f64.sqrt()),
        ),
        row(
            "gpt2",
            Scheme::gpt2_residual(0.2, 8),
            any,
            Drawn(Normal, |_| 0.05),
        ),
        row(
            "depth, index",
            Scheme::depth_scaled_truncated_normal(0.2, DepthScale::Index { layer: 7 }),
            any,
            Drawn(Truncated(3.0), |_| 0.05),
        ),
        row(
            "depth, total",
            Scheme::depth_scaled_truncated_normal(0.2, DepthScale::Total { layers: 2 }),
            any,
            Drawn(Truncated(3.0), |_| 0.1),
        ),
        row(
            "mup_hidden",
            Scheme::mup_hidden(0.5, 64),
            fans,
            Drawn(Normal, |f| 0.5 * (64.0 / f.fan_in).sqrt()),
        ),
        row(
            "mup_output",
            Scheme::mup_output(0.5, 64),
            fans,
            Drawn(Normal, |f| 32.0 / f.fan_in),
        ),
        row(
            "mup_embedding",
            Scheme::mup_embedding(0.5),
            fans,
            Drawn(Normal, |_| 0.5),
        ),
    ]
}

/// Every scheme whose values follow from their places.
fn placed() -> Vec<Row> {
    use Expected::{Constant, Placed};
    vec![
        row("zeros", Scheme::zeros(), any, Constant(0.0)),
        row("ones", Scheme::ones(), any, Constant(1.0)),
        row("constant", Scheme::constant(-0.625), any, Constant(-0.625)),
        row(
            "identity",
            Scheme::identity(1.5),
            matrix,
            Placed(|_, p| if p.row == p.column { 1.5 } else { 0.0 }),
        ),
        row(
            "dirac",
            Scheme::dirac(1.0),
            has_kernel,
            Placed(|_, p| {
                if p.row == p.column && p.at_centre {
                    1.0
                } else {
                    0.0
                }
            }),
        ),
        row(
            "zero_init",
            Scheme::zero_init(1.0),
            has_fans,
            Placed(hadamard),
        ),
        row(
            "bilinear",
            Scheme::bilinear(),
            has_kernel,
            Placed(|_, p| if p.row == p.column { p.triangle } else { 0.0 }),
        ),
        row(
            "lstm_bias, pytorch",
            Scheme::lstm_bias(1.0, GateOrder::Ifco),
            lstm,
            Placed(|_, p| if p.batch == 1 { 1.0 } else { 0.0 }),
        ),
        row(
            "lstm_bias, onnx",
            Scheme::lstm_bias(2.0, GateOrder::Iofc),
            lstm,
            Placed(|_, p| if p.batch == 2 { 2.0 } else { 0.0 }),
        ),
    ]
}

/// Sylvester's Hadamard matrix by its recursion.
fn hadamard(fans: &Fans, place: Place) -> f64 {
    fn sylvester(size: usize, row: usize, column: usize) -> f64 {
        if size == 1 {
            return 1.0;
        }
        let half = size / 2;
        let sign = if row >= half && column >= half {
            -1.0
        } else {
            1.0
        };
        sign * sylvester(half, row % half, column % half)
    }
    if !place.at_centre {
        return 0.0;
    }
    if fans.rows <= fans.columns / fans.taps {
        return if place.row == place.column { 1.0 } else { 0.0 };
    }
    let size = fans.rows.next_power_of_two();
    sylvester(size, place.row, place.column) / (size as f64).sqrt()
}

pub(crate) fn rows() -> Vec<Row> {
    use Expected::{Orthogonal, Sparse};
    let mut rows = drawn();
    rows.extend(placed());
    rows.extend([
        row(
            "orthogonal",
            Scheme::orthogonal(1.25),
            has_fans,
            Orthogonal(1.25, Taps::Flat),
        ),
        row(
            "delta",
            Scheme::delta_orthogonal(1.0),
            has_kernel,
            Orthogonal(1.0, Taps::Centre),
        ),
        row(
            "sparse, by output",
            Scheme::sparse(0.9, 0.1, Connections::PerOutput),
            matrix,
            Sparse(0.9, 0.1, Connections::PerOutput),
        ),
        row(
            "sparse, by input",
            Scheme::sparse(0.25, 0.1, Connections::PerInput),
            matrix,
            Sparse(0.25, 0.1, Connections::PerInput),
        ),
    ]);
    rows
}
