//! What the checkpoint of a small specification may take: a file of a kilobyte can ask for 131,072
//! tensors, each of which may take its name, its place and its digest, and nothing else.

mod counting;

use std::path::Path;

use evenkeel_init::checkpoint::{
    ByteSize, Completion, Destination, Existing, Part, Plan, Silent, Spec, WriteOptions, assign,
};
use evenkeel_init::{Seed, Threads};

const MIB: usize = 1 << 20;

/// Names of this many bytes, a rule of this many, and what all of it may take.
const CASES: [(&str, usize, usize, usize); 3] = [
    ("short names", 8, 1, 24 * MIB),
    ("long names", 120, 1, 48 * MIB),
    ("a long rule", 8, 900, 24 * MIB),
];

fn spec(name: usize, rule: usize) -> String {
    let name = "n".repeat(name - 6);
    let rule = format!("{{*,{}}}", "n".repeat(rule));
    format!(
        "dtype = \"f32\"\nrepeat = {{ i = 131072 }}\ntensor = [{{ name = \"{name}{{i}}\", shape = [1] }}]\n\
         [[rule]]\nmatch = \"{rule}\"\nscheme = \"normal\"\nwith = {{ std = 0.02 }}\n"
    )
}

fn plan(text: &str) -> Plan {
    let spec = Spec::from_toml(text).unwrap();
    let planned = assign(spec.tensors.iter().collect(), &spec.rules.unwrap()).unwrap();
    Plan::new(
        Seed(1),
        planned,
        &Destination::new("m").cut(ByteSize(1_000_000_000)),
    )
    .unwrap()
}

fn write(plan: &Plan, folder: &Path, existing: Existing) {
    let options = WriteOptions {
        existing,
        part: Part::WHOLE,
        threads: Threads::ONE,
    };
    let written = plan
        .write(&Destination::new(folder), &options, &Silent)
        .unwrap();
    assert!(matches!(written.completion, Completion::Complete(_)));
}

/// One test, so that nothing else allocates meanwhile.
#[test]
fn the_most_tensors_take_little_more_than_their_names() {
    for (what, name, rule, most) in CASES {
        let folder = tempfile::tempdir().unwrap();
        let text = spec(name, rule);
        let (plan, bytes) = counting::peak(|| plan(&text));
        assert_eq!(plan.tensor_count(), 131_072);
        assert!(bytes < most, "{what}, planned: {bytes} bytes");
        for existing in [Existing::Refuse, Existing::Resume] {
            let (_, bytes) = counting::peak(|| write(&plan, folder.path(), existing));
            assert!(
                bytes < most,
                "{what}, {existing:?}: {bytes} bytes over the plan's"
            );
        }
    }
    refused_before_it_takes_anything();
}

fn refused_before_it_takes_anything() {
    let too_many = spec(8, 1).replace("131072", "131073");
    let too_large = spec(129, 1);
    for text in [too_many, too_large] {
        let (refused, bytes) = counting::peak(|| Spec::from_toml(&text).is_err());
        assert!(refused && bytes < MIB, "{bytes} bytes");
    }
}
