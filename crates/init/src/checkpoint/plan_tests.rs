use super::*;
use crate::checkpoint::PlannedTensor;
use crate::{Fan, Reading};

fn tensor(name: &str, shape: &[usize], dtype: StoredDtype, scheme: Scheme) -> PlannedTensor {
    PlannedTensor {
        name: name.into(),
        dtype,
        shape: shape.to_vec(),
        rule: "*".into(),
        geometry: Reading::plain(shape)
            .and_then(|reading| reading.geometry(shape, crate::Layout::OutIn))
            .unwrap(),
        scheme,
    }
}

fn normal(name: &str, shape: &[usize], dtype: StoredDtype) -> PlannedTensor {
    tensor(name, shape, dtype, Scheme::normal(0.0, 0.02))
}

fn plan(tensors: Vec<PlannedTensor>, limit: u64) -> Result<Plan, PlanError> {
    Plan::new(Seed(1), tensors, &Cut::AtMost(ByteSize(limit)))
}

fn names(plan: &Plan) -> Vec<(&str, Vec<&str>)> {
    let of_file = |file: &PlannedFile| {
        let places = file.places.clone();
        places.map(|place| plan.placed(place).name).collect()
    };
    let files = plan.files.iter();
    files
        .map(|file| (file.name.as_str(), of_file(file)))
        .collect()
}

#[test]
fn files_are_filled_in_order_and_a_large_tensor_has_its_own() {
    let f32 = StoredDtype::F32;
    let tensors = vec![
        normal("a", &[10], f32),
        normal("b", &[10], f32),
        normal("c", &[100], f32),
        normal("d", &[10], f32),
    ];
    let plan = plan(tensors, 80).unwrap();
    assert_eq!(
        names(&plan),
        [
            ("model-00001-of-00003.safetensors", vec!["a", "b"]),
            ("model-00002-of-00003.safetensors", vec!["c"]),
            ("model-00003-of-00003.safetensors", vec!["d"]),
        ]
    );
    assert!(plan.has_index());
    assert_eq!(plan.tensor_bytes(), 4 * 130);
}

#[test]
fn what_fits_one_file_needs_no_index_and_wide_formats_come_first() {
    let tensors = vec![
        normal("half", &[3], StoredDtype::BF16),
        normal("double", &[2], StoredDtype::F64),
        normal("single", &[5], StoredDtype::F32),
    ];
    let plan = plan(tensors, 1_000).unwrap();
    assert_eq!(
        names(&plan),
        [("model.safetensors", vec!["double", "single", "half"])]
    );
    assert!(!plan.has_index());
    for place in 0..3 {
        let placed = plan.placed(place);
        let size = placed.made.making.dtype.bitsize() as u64 / 8;
        assert!(placed.start.is_multiple_of(size));
    }
}

#[test]
fn bad_plans_have_their_errors() {
    let bf16 = StoredDtype::BF16;
    assert!(matches!(plan(vec![], 1), Err(PlanError::Empty)));
    let twice = vec![normal("w", &[2], bf16), normal("w", &[2], bf16)];
    assert!(matches!(
        plan(twice, 1),
        Err(PlanError::DuplicateName { .. })
    ));
    let reserved = vec![normal("__metadata__", &[2], bf16)];
    assert!(matches!(plan(reserved, 1), Err(PlanError::ReservedName)));
    let integer = vec![normal("steps", &[2], StoredDtype::I64)];
    let error = plan(integer, 1).unwrap_err();
    assert!(matches!(error, PlanError::Dtype { .. }), "{error:?}");
    assert!(error.to_string().contains("zeros by a rule"), "{error}");
    let misread = PlannedTensor {
        shape: vec![3],
        ..normal("w", &[2], bf16)
    };
    assert!(matches!(
        plan(vec![misread], 1),
        Err(PlanError::Shape { .. })
    ));
    let no_fans = vec![tensor(
        "b",
        &[2],
        bf16,
        Scheme::kaiming_normal(1.0, Fan::In),
    )];
    let error = plan(no_fans, 1).unwrap_err();
    assert!(error.to_string().contains("\"b\", by *"), "{error}");
}

#[test]
fn values_that_a_format_cannot_hold_are_refused_before_anything_is_made() {
    let wide = tensor("w", &[2, 2], StoredDtype::F16, Scheme::constant(1e6));
    let error = plan(vec![wide], 100).unwrap_err();
    assert!(matches!(error, PlanError::Scheme { .. }), "{error:?}");
}

#[test]
fn zeros_can_be_stored_in_any_format_of_whole_bytes() {
    let steps = tensor("steps", &[1], StoredDtype::I64, Scheme::zeros());
    let steps = PlannedTensor {
        shape: vec![],
        ..steps
    };
    let plan = plan(vec![steps], 100).unwrap();
    assert_eq!(plan.files[0].data_bytes, 8);
}
