//! Convolution and pooling windows in f64, place by place.

use evenkeel_net::{Convolution, PaddingMode, Pool};

/// Channels, height and width.
pub(crate) type Image = [usize; 3];

/// Steps of a window along an axis.
fn steps(size: usize, padding: usize, reach: usize, stride: usize) -> usize {
    (size + 2 * padding - reach) / stride + 1
}

/// Where a padded place is in the image.
fn place(padded: usize, padding: usize, size: usize, mode: PaddingMode) -> Option<usize> {
    let place = padded as isize - padding as isize;
    match mode {
        PaddingMode::Circular => Some(place.rem_euclid(size as isize) as usize),
        PaddingMode::Zero => (0..size as isize)
            .contains(&place)
            .then_some(place as usize),
    }
}

/// The definition: for each output, every place of the kernel.
pub(crate) fn convolve(
    x: &[f64],
    [channels, height, width]: Image,
    convolution: &Convolution,
    weight: &[f64],
    bias: &[f64],
) -> Vec<f64> {
    let Convolution {
        channels: outputs,
        kernel,
        stride,
        padding,
        padding_mode: mode,
        dilation,
        groups,
        ..
    } = *convolution;
    let reach = [0, 1].map(|axis| dilation[axis] * (kernel[axis] - 1) + 1);
    let rows = steps(height, padding[0], reach[0], stride[0]);
    let columns = steps(width, padding[1], reach[1], stride[1]);
    let per_group = channels / groups;
    let mut made = Vec::new();
    for output in 0..outputs {
        let group = output / (outputs / groups);
        for row in 0..rows {
            for column in 0..columns {
                let mut sum = bias.get(output).copied().unwrap_or(0.0);
                for channel in 0..per_group {
                    for u in 0..kernel[0] {
                        for v in 0..kernel[1] {
                            let y = row * stride[0] + u * dilation[0];
                            let x_ = column * stride[1] + v * dilation[1];
                            let y = place(y, padding[0], height, mode);
                            let (Some(y), Some(x_)) = (y, place(x_, padding[1], width, mode))
                            else {
                                continue;
                            };
                            let at =
                                ((output * per_group + channel) * kernel[0] + u) * kernel[1] + v;
                            let from = ((group * per_group + channel) * height + y) * width + x_;
                            sum += weight[at] * x[from];
                        }
                    }
                }
                made.push(sum);
            }
        }
    }
    made
}

/// The values of the image in each window, in order.
pub(crate) fn windows(x: &[f64], [channels, height, width]: Image, pool: &Pool) -> Vec<Vec<f64>> {
    let rows = steps(height, pool.padding[0], pool.kernel[0], pool.stride[0]);
    let columns = steps(width, pool.padding[1], pool.kernel[1], pool.stride[1]);
    let mut made = Vec::new();
    for channel in 0..channels {
        for row in 0..rows {
            for column in 0..columns {
                let mut window = Vec::new();
                for u in 0..pool.kernel[0] {
                    for v in 0..pool.kernel[1] {
                        let y = place(
                            row * pool.stride[0] + u,
                            pool.padding[0],
                            height,
                            PaddingMode::Zero,
                        );
                        let x_ = place(
                            column * pool.stride[1] + v,
                            pool.padding[1],
                            width,
                            PaddingMode::Zero,
                        );
                        if let (Some(y), Some(x_)) = (y, x_) {
                            window.push(x[(channel * height + y) * width + x_]);
                        }
                    }
                }
                made.push(window);
            }
        }
    }
    made
}
