//! What two tests need inside the crate: an allocator that counts, to see that a step allocates
//! nothing, and a switch to the narrowest vectors, to see that they give the same bits.

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
        Activation, Mode, Network, NoTap, Orientation, Quantity, Recorder, Sgd, Targets, Threads,
        zoo,
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
            let graph = zoo::mlp(&zoo::MlpSpec::new(30, 70, 6, 10, activation)).unwrap();
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

    #[test]
    fn every_vector_width_gives_the_same_bits() {
        let (wide, narrow) = (traces(), narrow(traces));
        for (wide, narrow) in wide.iter().zip(&narrow) {
            assert!(wide == narrow);
        }
    }
}
