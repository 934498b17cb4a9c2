//! Every error there is, as a caller meets it: its variant, and what its message says of what is
//! wrong, where, what was expected and what to do. The rules that break inside a header, an index,
//! a spec or a plan are tested beside the code that reads them.

/// Asserts the variant of an error, and that its message has each of these parts.
macro_rules! refused {
    ($result:expr, $variant:pat, $($part:expr),+ $(,)?) => {{
        let Err(error) = $result else {
            panic!("{} was not refused", stringify!($result));
        };
        assert!(matches!(error, $variant), "{error:?}");
        let text = error.to_string();
        for part in [$($part),+] {
            assert!(text.contains(part), "{text:?} does not say {part:?}");
        }
    }};
}

mod manifest;
mod read;
mod schemes;
mod write;

use evenkeel_init::checkpoint::{
    ByteSize, Cut, Existing, Part, Plan, PlannedTensor, StoredDtype, WriteOptions,
};
use evenkeel_init::{Layout, Reading, Scheme, Seed, Threads};

/// A tensor that a rule for all names gives this scheme.
fn tensor(name: &str, shape: &[usize], dtype: StoredDtype, scheme: Scheme) -> PlannedTensor {
    let geometry = Reading::plain(shape).and_then(|r| r.geometry(shape, Layout::OutIn));
    PlannedTensor {
        name: name.into(),
        dtype,
        shape: shape.to_vec(),
        rule: "*".into(),
        geometry: geometry.expect("a plain layer"),
        scheme,
    }
}

/// Two files, of one small tensor each.
fn small(seed: u64) -> Plan {
    let normal = |name| tensor(name, &[3, 4], StoredDtype::F32, Scheme::normal(0.0, 1.0));
    let cut = Cut::AtMost(ByteSize(60));
    Plan::new(Seed(seed), vec![normal("a"), normal("b")], &cut).expect("a plan")
}

fn options(existing: Existing) -> WriteOptions {
    WriteOptions {
        existing,
        part: Part::WHOLE,
        threads: Threads::ONE,
    }
}
