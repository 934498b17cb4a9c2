//! Where an expression has kinks, jumps or poles, and whether it is defined at all.

use super::{Expression, Operation};
use crate::activation::ActivationError;

/// Close to zero the line is sampled this finely…
const FINE_STEP: f64 = 1.0 / 128.0;
/// …up to here, where the Gaussian of unit variance has long died out…
const FINE_REACH: f64 = 16.0;
/// …and beyond it in steps of this ratio…
const COARSE_RATIO: f64 = 1.01;
/// …up to here.
const COARSE_REACH: f64 = 1e6;
/// An expression must be finite up to here; growth beyond is judged by the integrals.
const FINITE_REACH: f64 = 8.0;
/// More break points than this are refused: the integrals would take too long.
const MOST: usize = 2048;

/// The break points of an expression, in rising order, each to the last bit.
///
/// A kink, a jump or a pole sits where the argument of some abs, max, min, `where`, root, quotient
/// or kinked activation changes its sign. Each such sign change between two samples is bisected
/// until the two sides are neighbouring numbers.
///
/// # Errors
/// [`ActivationError::Undefined`], [`ActivationError::Infinite`] or
/// [`ActivationError::TooManyBreakpoints`].
pub(crate) fn breakpoints(expression: &Expression) -> Result<Vec<f64>, ActivationError> {
    let samples = samples();
    check_domain(expression, &samples)?;
    if expression
        .program()
        .iter()
        .all(|operation| !may_break(operation))
    {
        return Ok(Vec::new());
    }
    let mut breaks = Vec::new();
    let (mut before, mut now) = (Vec::new(), Vec::new());
    expression.discriminants(samples[0], &mut before);
    for pair in samples.windows(2) {
        expression.discriminants(pair[1], &mut now);
        for index in 0..now.len() {
            if let Some(at) = zero(expression, index, pair, before[index], now[index]) {
                breaks.push(at);
            }
        }
        if breaks.len() > MOST {
            return Err(ActivationError::TooManyBreakpoints { limit: MOST });
        }
        std::mem::swap(&mut before, &mut now);
    }
    breaks.sort_by(f64::total_cmp);
    breaks.dedup();
    Ok(breaks)
}

fn may_break(operation: &Operation) -> bool {
    !matches!(
        operation,
        Operation::Constant(_)
            | Operation::Variable
            | Operation::Negate
            | Operation::Add
            | Operation::Subtract
            | Operation::Multiply
    )
}

/// The places that are looked at, in rising order, zero and all multiples of the step among them.
fn samples() -> Vec<f64> {
    let count = (FINE_REACH / FINE_STEP) as i32;
    let mut positive = Vec::new();
    let mut x = FINE_REACH * COARSE_RATIO;
    while x < COARSE_REACH {
        positive.push(x);
        x *= COARSE_RATIO;
    }
    let mut samples: Vec<f64> = positive.iter().rev().map(|x| -x).collect();
    samples.extend((-count..=count).map(|i| f64::from(i) * FINE_STEP));
    samples.extend(positive);
    samples
}

fn check_domain(expression: &Expression, samples: &[f64]) -> Result<(), ActivationError> {
    for &at in samples.iter().filter(|x| x.abs() <= FINE_REACH) {
        let value = expression.evaluate(at);
        if value.is_nan() {
            return Err(ActivationError::Undefined { at });
        }
        if value.is_infinite() && at.abs() <= FINITE_REACH {
            return Err(ActivationError::Infinite { at });
        }
    }
    Ok(())
}

/// The zero of discriminant `index` between two samples, if it changes sign there.
fn zero(expression: &Expression, index: usize, pair: &[f64], before: f64, now: f64) -> Option<f64> {
    if before == 0.0 {
        // On a whole piece of zeros (max(x, 0) where both sides agree) only the ends count.
        return (now != 0.0).then_some(pair[0]);
    }
    if now == 0.0 {
        return Some(pair[1]);
    }
    if (before < 0.0) == (now < 0.0) || before.is_nan() || now.is_nan() {
        return None;
    }
    let (mut low, mut high) = (pair[0], pair[1]);
    let mut values = Vec::new();
    loop {
        let middle = 0.5 * (low + high);
        if middle <= low || middle >= high {
            return Some(high);
        }
        expression.discriminants(middle, &mut values);
        let value = values.get(index).copied()?;
        if value == 0.0 {
            return Some(middle);
        }
        if (value < 0.0) == (before < 0.0) {
            low = middle;
        } else {
            high = middle;
        }
    }
}
