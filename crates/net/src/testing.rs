//! What two tests need inside the crate: an allocator that counts, to see that a step allocates
//! nothing, and a switch to the narrowest vectors, to see that they give the same bits.

#![expect(unsafe_code, reason = "an allocator that counts")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

thread_local! {
    static COUNTING: Cell<bool> = const { Cell::new(false) };
    /// This thread's allocations while it counted.
    static COUNT: Cell<usize> = const { Cell::new(0) };
    static NARROW: Cell<bool> = const { Cell::new(false) };
}

struct Counting;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

// SAFETY: every call is handed to the system's allocator unchanged; counting touches only
// constant-initialised thread-locals without a destructor, which do not allocate.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if COUNTING.with(Cell::get) {
            COUNT.set(COUNT.get() + 1);
        }
        // SAFETY: the caller's promises about `layout` are passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the caller's promises about `pointer` and `layout` are passed on.
        unsafe { System.dealloc(pointer, layout) }
    }
}

/// How often the calling thread allocates in `work`, products apart.
pub(crate) fn allocations(work: impl FnOnce()) -> usize {
    let before = COUNT.get();
    let counting = COUNTING.replace(true);
    work();
    COUNTING.set(counting);
    COUNT.get() - before
}

/// Runs a product, whose packing buffers are the `gemm` crate's own affair, without counting.
pub(crate) fn uncounted<R>(work: impl FnOnce() -> R) -> R {
    let counting = COUNTING.replace(false);
    let result = work();
    COUNTING.set(counting);
    result
}

/// Runs `work` with loops as they are compiled for any machine of this architecture.
pub(crate) fn narrow<R>(work: impl FnOnce() -> R) -> R {
    NARROW.set(true);
    let result = work();
    NARROW.set(false);
    result
}

/// Whether this thread is within [`narrow`].
pub(crate) fn is_narrow() -> bool {
    NARROW.get()
}

mod tests {
    use super::{allocations, narrow, uncounted};
    use crate::chain::Chain;
    use crate::{
        Activation, AdamW, BatchNorm, Convolution, Extent, Graph, GraphBuilder, Histogram, Mode,
        Moments, Multipliers, Nesterov, Network, NoTap, Optimizer, Orientation, PaddingMode, Pool,
        Quantity, Recorder, Sgd, Targets, Threads, clip_gradients, zoo,
    };

    #[test]
    fn the_counter_counts() {
        assert!(allocations(|| drop(std::hint::black_box(vec![1u8; 100]))) > 0);
        let quiet = || drop(std::hint::black_box(vec![1u8; 100]));
        assert_eq!(allocations(|| uncounted(quiet)), 0);
    }

    #[test]
    fn a_step_allocates_nothing() {
        for activation in ["relu", "gelu", "mish"] {
            let activation = Activation::parse(activation).unwrap();
            let graph = zoo::mlp(&zoo::MlpSpec::new(30, 140, 6, 10, activation)).unwrap();
            let mut network = Network::new(graph, 100, Mode::Training, Threads(1)).unwrap();
            network.initialize(|_, w| w.iter_mut().for_each(|w| *w = 0.01));
            let recorder = Recorder::new(&network)
                .with_histograms(Quantity::Gradient, -1.0, 1.0, 64)
                .unwrap();
            let (x, labels) = ([0.5; 3000], [3; 100]);
            let mut sgd = Sgd::new(0.1).unwrap().with_momentum(0.9).unwrap();
            let mut step = || {
                network
                    .forward(&[&x], Targets::Classes(&labels), &recorder)
                    .unwrap();
                network.backward(&recorder).unwrap();
                sgd.step(&mut network);
                network.predict(&[&x[..30]], &NoTap).unwrap();
            };
            // The first step makes the room for the momentum.
            step();
            assert_eq!(allocations(step), 0);
        }
    }

    #[test]
    fn an_adaptive_step_allocates_nothing_and_has_the_same_bits_at_every_vector_width() {
        let run = || {
            let spec = zoo::MlpSpec::new(21, 37, 3, 19, Activation::tanh());
            let graph = zoo::mlp(&spec).unwrap();
            let mut network = Network::new(graph, 50, Mode::Training, Threads(1)).unwrap();
            let wave = |i: usize| ((i * 7919 % 2003) as f32 / 1001.0 - 1.0) * 0.5;
            network.initialize(|_, w| w.iter_mut().enumerate().for_each(|(i, w)| *w = wave(i)));
            let x: Vec<f32> = (0..50 * 21).map(wave).collect();
            let factors = [("fc1.weight", 0.5), ("fc2.bias", 0.1)];
            let factors = Multipliers::new(network.graph(), factors).unwrap();
            let adam = AdamW::new(0.01).unwrap().with_weight_decay(0.1).unwrap();
            let mut adam = adam.with_multipliers(factors.clone());
            let sgd = Sgd::new(0.1).unwrap().with_momentum(0.9).unwrap();
            let mut nesterov = sgd.with_nesterov(Nesterov::Yes).unwrap();
            nesterov.set_multipliers(factors);
            let mut step = || {
                for optimizer in [&mut adam as &mut dyn Optimizer, &mut nesterov] {
                    network
                        .forward(&[&x], Targets::Classes(&[3; 50]), &NoTap)
                        .unwrap();
                    network.backward(&NoTap).unwrap();
                    clip_gradients(&mut network, 0.01).unwrap();
                    optimizer.step(&mut network);
                }
            };
            // The first step makes the room for the moments.
            step();
            assert_eq!(allocations(step), 0);
            let values = network.parameters().flat_map(|p| p.values.to_vec());
            values.map(f32::to_bits).collect::<Vec<_>>()
        };
        assert!(run() == narrow(run));
    }

    #[test]
    fn a_chain_of_vectors_allocates_nothing() {
        let mut chain = Chain::vector(vec![1.0; 64]).unwrap();
        let matrix = vec![0.125; 64 * 64];
        let count = allocations(|| {
            for orientation in [Orientation::Plain, Orientation::Transposed] {
                chain.multiply(&matrix, orientation).unwrap();
            }
        });
        assert_eq!(count, 0);
    }

    /// Every loop that is compiled for several vector widths: activations both ways, softmax,
    /// transposes, momentum, moments, histograms and vector products.
    fn traces() -> Vec<String> {
        let traces = Activation::all().into_iter().map(|activation| {
            let graph = zoo::mlp(&zoo::MlpSpec::new(21, 37, 3, 19, activation)).unwrap();
            let mut network = Network::new(graph, 50, Mode::Training, Threads(1)).unwrap();
            let wave = |i: usize| ((i * 7919 % 2003) as f32 / 1001.0 - 1.0) * 0.5;
            network.initialize(|_, w| w.iter_mut().enumerate().for_each(|(i, w)| *w = wave(i)));
            let x: Vec<f32> = (0..50 * 21).map(|i| 5.0 * wave(i)).collect();
            let recorder = Recorder::new(&network)
                .with_histograms(Quantity::Activation, -1.0, 1.0, 7)
                .unwrap();
            let mut sgd = Sgd::new(0.1).unwrap().with_momentum(0.9).unwrap();
            for _ in 0..2 {
                network
                    .forward(&[&x], Targets::Classes(&[3; 50]), &recorder)
                    .unwrap();
                network.backward(&recorder).unwrap();
                sgd.step(&mut network);
            }
            let mut chain = Chain::vector(x[..21].to_vec()).unwrap();
            for orientation in [Orientation::Plain, Orientation::Transposed] {
                chain.multiply(&x[..21 * 21], orientation).unwrap();
            }
            let quantities = [
                Quantity::Activation,
                Quantity::Gradient,
                Quantity::WeightGradient,
            ];
            // Debug prints every digit that tells two numbers apart.
            let parameters: Vec<_> = network.parameters().map(|p| p.values.to_vec()).collect();
            format!(
                "{:?} {parameters:?} {chain:?}",
                quantities.map(|q| recorder.records(q))
            )
        });
        traces.collect()
    }

    /// A layer of each kind that has loops of its own: convolutions of every tile's size, with
    /// strides and groups, pooling, normalisation, dropout, scales.
    fn images() -> Graph {
        let mut builder = GraphBuilder::new();
        let x = builder.input("x", &[3, 7, 9]).unwrap();
        let x = builder
            .convolution(x, "conv0", &Convolution::new(15, [3, 3]))
            .unwrap();
        let x = builder.batch_norm(x, "bn", &BatchNorm::default()).unwrap();
        let x = builder.scale(x, "scale", Extent::Channel).unwrap();
        let grouped = Convolution::new(15, [3, 3])
            .with_groups(5)
            .with_padding_mode(PaddingMode::Circular);
        let y = builder.convolution(x, "conv1", &grouped).unwrap();
        let y = builder.group_norm(y, "gn", 3, 1e-5).unwrap();
        let x = builder.add(x, y, "sum").unwrap();
        let strided = Convolution::new(6, [3, 2]).with_stride([2, 3]);
        let x = builder.convolution(x, "conv2", &strided).unwrap();
        let x = builder
            .convolution(x, "conv3", &Convolution::new(4, [1, 1]))
            .unwrap();
        let x = builder.max_pool(x, "max", &Pool::new([2, 1])).unwrap();
        let x = builder
            .average_pool(x, "average", &Pool::new([1, 2]))
            .unwrap();
        let x = builder.dropout(x, "drop", 0.25).unwrap();
        let x = builder.flatten(x, "flat").unwrap();
        let x = builder.layer_norm(x, "ln", 1e-5).unwrap();
        let x = builder.rms_norm(x, "rms", 1e-5).unwrap();
        let x = builder.bias(x, "bias", Extent::Tensor).unwrap();
        let x = builder.scale_by(x, "half", 0.5).unwrap();
        builder.hinge(x, "loss").unwrap();
        builder.finish().unwrap()
    }

    /// Two steps of [`images`], to the last digit.
    fn image_trace() -> String {
        let mut network = Network::new(images(), 50, Mode::Training, Threads(1)).unwrap();
        let wave = |i: usize| ((i * 7919 % 2003) as f32 / 1001.0 - 1.0) * 0.5;
        network.initialize(|_, w| w.iter_mut().enumerate().for_each(|(i, w)| *w += wave(i)));
        let x: Vec<f32> = (0..50 * 189).map(|i| 5.0 * wave(i)).collect();
        let recorder = Recorder::new(&network);
        let mut sgd = Sgd::new(0.1).unwrap();
        let mut losses = Vec::new();
        for _ in 0..2 {
            let targets = Targets::Classes(&[1; 50]);
            losses.push(network.forward(&[&x], targets, &recorder).unwrap());
            network.backward(&recorder).unwrap();
            sgd.step(&mut network);
        }
        assert!(losses.iter().all(|loss| loss.is_finite()));
        let quantities = [
            Quantity::Activation,
            Quantity::Gradient,
            Quantity::WeightGradient,
        ];
        let parameters: Vec<_> = network.parameters().map(|p| p.values.to_vec()).collect();
        format!(
            "{losses:?} {parameters:?} {:?}",
            quantities.map(|q| recorder.records(q))
        )
    }

    #[test]
    fn layers_of_images_give_the_same_bits_at_every_vector_width() {
        assert!(image_trace() == narrow(image_trace));
    }

    #[test]
    fn layers_of_images_allocate_nothing() {
        let mut network = Network::new(images(), 50, Mode::Training, Threads(1)).unwrap();
        let (x, labels) = (vec![0.5; 50 * 189], [1; 50]);
        let mut step = || {
            network.set_step(3);
            network
                .forward(&[&x], Targets::Classes(&labels), &NoTap)
                .unwrap();
            network.backward(&NoTap).unwrap();
            network
                .evaluate(&[&x], Targets::Classes(&labels), &NoTap)
                .unwrap();
        };
        step();
        assert_eq!(allocations(step), 0);
    }

    /// Values between 0 and the least normal f32, of both signs.
    fn denormals(count: usize) -> Vec<f32> {
        let bits = (1..=count as u32).map(|i| (i * 7919 % 0x7f_ffff) + 1 + (i % 2) * 0x8000_0000);
        bits.map(f32::from_bits).collect()
    }

    #[test]
    fn denormal_values_are_flushed_at_no_vector_width() {
        let values = denormals(16 * 64);
        let exact: Vec<f64> = values.iter().map(|&v| f64::from(v)).collect();
        let run = || {
            let moments = Moments::of(&values);
            assert_eq!(moments.zero_count(), 0);
            let squares = exact.iter().map(|v| v * v).sum::<f64>() / 1024.0;
            assert!((moments.second_moment() / squares - 1.0).abs() < 1e-12);
            // Bins of a quarter of the range of denormals: what is flushed would be in one.
            let least_normal = f64::from(f32::MIN_POSITIVE);
            let mut histogram = Histogram::new(-least_normal, least_normal, 8).unwrap();
            histogram.update(&values);
            for (bin, &count) in histogram.counts().iter().enumerate() {
                let low = least_normal * (bin as f64 / 4.0 - 1.0);
                let within = |v: &&f64| (low..low + least_normal / 4.0).contains(*v);
                assert_eq!(
                    count as usize,
                    exact.iter().filter(within).count(),
                    "bin {bin}"
                );
            }
            // Half of each value, summed one by one: products with a matrix of ½ on the diagonal.
            let mut chain = Chain::columns(16, 64, values.clone()).unwrap();
            let half = |i: usize| if i.is_multiple_of(17) { 0.5 } else { 0.0 };
            let matrix: Vec<f32> = (0..256).map(half).collect();
            chain.multiply(&matrix, Orientation::Plain).unwrap();
            // A half of an odd denormal is rounded as f32 arithmetic rounds it.
            let halved: Vec<f32> = values.iter().map(|v| v * 0.5).collect();
            assert!(halved.iter().filter(|v| **v != 0.0).count() > 1000);
            assert_eq!(chain.state(), halved);
            format!("{moments:?} {histogram:?} {chain:?}")
        };
        assert!(run() == narrow(run));
    }

    #[test]
    fn activations_of_denormals_are_flushed_at_no_vector_width() {
        let values = denormals(64);
        let outputs = |name: &str| {
            let mut builder = GraphBuilder::new();
            let x = builder.input("x", &[64]).unwrap();
            let activation = Activation::parse(name).unwrap();
            builder.activation(x, "act", &activation).unwrap();
            let graph = builder.finish().unwrap();
            let mut network = Network::new(graph, 1, Mode::Forward, Threads(1)).unwrap();
            network.predict(&[&values], &NoTap).unwrap();
            network.output().flatten().copied().collect::<Vec<f32>>()
        };
        for name in [
            "identity",
            "relu",
            "leaky_relu(0.5)",
            "tanh",
            "gelu",
            "silu",
            "sin",
        ] {
            let wide = outputs(name);
            let same = |(a, b): (&f32, &f32)| a.to_bits() == b.to_bits();
            let narrow = narrow(|| outputs(name));
            assert!(wide.iter().zip(&narrow).all(same), "{name}");
            // Within the rounding of a denormal, 2⁻¹⁴⁹, and a little more for a formula's steps.
            let exact = Activation::parse(name).unwrap();
            for (&x, &y) in values.iter().zip(&wide) {
                let expected = exact.value(f64::from(x));
                let off = (f64::from(y) - expected).abs();
                assert!(
                    off <= 4.0 * f64::from(f32::from_bits(1)),
                    "{name} of {x:e} is {y:e}"
                );
            }
        }
    }

    #[test]
    fn every_vector_width_gives_the_same_bits() {
        let (wide, narrow) = (traces(), narrow(traces));
        for (wide, narrow) in wide.iter().zip(&narrow) {
            assert!(wide == narrow);
        }
    }
}
