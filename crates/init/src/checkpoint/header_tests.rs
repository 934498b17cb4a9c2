use super::*;

pub(in crate::checkpoint) fn encode(tensors: &[TensorHeader]) -> Result<Vec<u8>, SafeTensorError> {
    let listed = || {
        tensors.iter().map(|tensor| Listed {
            name: &tensor.name,
            dtype: tensor.dtype,
            shape: &tensor.shape,
            bytes: tensor.bytes.clone(),
        })
    };
    let size = size(listed())?;
    let mut bytes = Vec::new();
    write(listed(), size, &mut bytes).unwrap();
    assert_eq!(bytes.len() as u64, size);
    Ok(bytes)
}

/// Parses entries, each `("name", dtype, shape, start, end)`, before so many bytes of data.
fn parsed(
    entries: &[(&str, &str, &str, u64, u64)],
    data_bytes: u64,
) -> Result<Vec<TensorHeader>, HeaderError> {
    let entries: Vec<String> = entries
        .iter()
        .map(|(name, dtype, shape, start, end)| {
            format!(
                r#""{name}":{{"dtype":"{dtype}","shape":{shape},"data_offsets":[{start},{end}]}}"#
            )
        })
        .collect();
    parse(format!("{{{}}}", entries.join(",")).as_bytes(), data_bytes)
}

macro_rules! refused {
    ($name:ident, $entries:expr, $data_bytes:expr, $variant:pat, $words:expr) => {
        #[test]
        fn $name() {
            let error = parsed(&$entries, $data_bytes).unwrap_err();
            assert!(matches!(error, $variant), "{error:?}");
            let said = error.to_string();
            assert!(said.contains($words), "{said}");
        }
    };
}

#[test]
fn tensors_come_in_the_order_of_their_bytes() {
    let tensors = parsed(
        &[("b", "F32", "[2,3]", 4, 28), ("a", "BF16", "[2]", 0, 4)],
        28,
    )
    .unwrap();
    assert_eq!(
        tensors,
        [
            TensorHeader {
                name: "a".into(),
                dtype: Dtype::BF16,
                shape: vec![2],
                bytes: 0..4
            },
            TensorHeader {
                name: "b".into(),
                dtype: Dtype::F32,
                shape: vec![2, 3],
                bytes: 4..28
            },
        ]
    );
}

#[test]
fn scalars_and_empty_tensors_are_tensors() {
    let tensors = parsed(
        &[("n", "I64", "[]", 0, 8), ("none", "F32", "[0,7]", 8, 8)],
        8,
    )
    .unwrap();
    assert_eq!(
        (tensors[0].shape.len(), tensors[1].bytes.clone()),
        (0, 8..8)
    );
}

refused!(
    one_name_twice,
    [("w", "F32", "[1]", 0, 4), ("w", "F32", "[1]", 4, 8)],
    8,
    HeaderError::DuplicateName { .. },
    "two tensors are named \"w\""
);
refused!(
    end_before_start,
    [("w", "F32", "[1]", 4, 0)],
    4,
    HeaderError::Reversed {
        start: 4,
        end: 0,
        ..
    },
    "ends before it"
);
refused!(
    shared_bytes,
    [("a", "F32", "[2]", 0, 8), ("b", "F32", "[1]", 4, 8)],
    8,
    HeaderError::Overlap {
        previous_end: 8,
        ..
    },
    "\"b\" begins at byte 4, within the one before it"
);
refused!(
    bytes_of_nobody,
    [("a", "F32", "[1]", 0, 4), ("b", "F32", "[1]", 8, 12)],
    12,
    HeaderError::Gap {
        previous_end: 4,
        start: 8,
        ..
    },
    "bytes 4 to 8"
);
refused!(
    a_first_tensor_not_at_the_start,
    [("a", "F32", "[1]", 8, 12)],
    12,
    HeaderError::Gap {
        previous_end: 0,
        ..
    },
    "bytes 0 to 8"
);
refused!(
    a_shape_of_two_to_the_63,
    [("w", "F32", "[9223372036854775808]", 0, 4)],
    4,
    HeaderError::Overflow { .. },
    "overflows"
);
refused!(
    a_product_that_wraps_to_one_element,
    // 2^32 · 2^32 is 0 modulo 2^64.
    [("w", "U8", "[4294967296,4294967296]", 0, 0)],
    0,
    HeaderError::Overflow { .. },
    "overflows"
);
refused!(
    a_dimension_past_u64,
    [("w", "F32", "[18446744073709551616]", 0, 4)],
    4,
    HeaderError::Json(_),
    "JSON"
);
refused!(
    more_bytes_than_the_shape_has,
    [("w", "BF16", "[3]", 0, 8)],
    8,
    HeaderError::Size {
        expected: 6,
        got: 8,
        ..
    },
    "needs 6 bytes, but has 8"
);
refused!(
    half_a_byte,
    [("w", "F4", "[3]", 0, 2)],
    2,
    HeaderError::PartialByte { .. },
    "whole bytes"
);
refused!(
    tensors_past_the_file,
    [("w", "F32", "[2]", 0, 8)],
    4,
    HeaderError::Truncated {
        end: 8,
        available: 4
    },
    "cut off"
);
refused!(
    bytes_after_the_last_tensor,
    [("w", "F32", "[1]", 0, 4)],
    5,
    HeaderError::Trailing {
        end: 4,
        available: 5
    },
    "belongs to none"
);
refused!(
    an_unknown_format,
    [("w", "F128", "[1]", 0, 16)],
    16,
    HeaderError::Json(_),
    "F128"
);
refused!(
    a_negative_offset_is_no_number,
    [("w", "F32", "[-1]", 0, 4)],
    4,
    HeaderError::Json(_),
    "JSON"
);

#[test]
fn more_dimensions_than_any_tensor_has() {
    let shape = format!("[{}]", vec!["1"; 65].join(","));
    let error = parsed(&[("w", "U8", &shape, 0, 1)], 1).unwrap_err();
    assert!(
        error.to_string().contains("at most 64 dimensions"),
        "{error}"
    );
}

#[test]
fn what_is_no_json_is_refused_in_bounded_time() {
    let deep = "[".repeat(1_000_000);
    for text in [
        "",
        "null",
        "[]",
        "{",
        "{\"w\":1}",
        "{\"__metadata__\":{\"a\":1}}",
        &deep,
    ] {
        let error = parse(text.as_bytes(), 0).unwrap_err();
        assert!(matches!(error, HeaderError::Json(_)), "{text}: {error:?}");
    }
    let error = parse(b"{\"\xff\":1}", 0).unwrap_err();
    assert!(matches!(error, HeaderError::NotUtf8 { at: 2 }), "{error:?}");
}

#[test]
fn two_metadata_are_refused() {
    let error = parse(br#"{"__metadata__":{},"__metadata__":{}}"#, 0).unwrap_err();
    assert!(error.to_string().contains("duplicate"), "{error}");
}

#[test]
fn lengths_that_the_file_cannot_have() {
    let claim = |claimed: u64, file_bytes| length(claimed.to_le_bytes(), file_bytes);
    assert_eq!(claim(10, 18).unwrap(), 10);
    assert!(matches!(
        claim(11, 18),
        Err(HeaderError::PastEnd {
            claimed: 11,
            available: 10
        })
    ));
    assert!(matches!(
        claim(u64::MAX, 18),
        Err(HeaderError::TooLong { .. })
    ));
    assert!(matches!(
        claim(LONGEST + 1, u64::MAX),
        Err(HeaderError::TooLong { .. })
    ));
}

#[test]
fn a_written_header_reads_back_and_the_formats_own_library_agrees() {
    let tensors = vec![
        TensorHeader {
            name: "w \"é\"".into(),
            dtype: Dtype::F32,
            shape: vec![2, 3],
            bytes: 0..24,
        },
        TensorHeader {
            name: "b".into(),
            dtype: Dtype::BF16,
            shape: vec![3],
            bytes: 24..30,
        },
    ];
    let mut file = encode(&tensors).unwrap();
    assert!(file.len().is_multiple_of(8));
    let header_bytes = length(file[..8].try_into().unwrap(), file.len() as u64).unwrap();
    assert_eq!(header_bytes as usize, file.len() - 8);
    assert_eq!(parse(&file[8..], 30).unwrap(), tensors);
    file.resize(file.len() + 30, 0);
    let theirs = safetensors::SafeTensors::deserialize(&file).unwrap();
    assert_eq!(theirs.tensor("b").unwrap().shape(), [3]);
}

/// As the format's own library writes it, and in the same words where it refuses.
#[test]
fn what_is_written_is_what_the_formats_own_library_writes() {
    use safetensors::tensor::{Metadata, TensorInfo};
    let tensors = [
        ("a \"quoted\"\n\u{1}é", Dtype::F32, vec![2, 3], 24),
        ("scalar", Dtype::I64, vec![], 8),
        ("none", Dtype::F64, vec![0, 4], 0),
        ("four bits", Dtype::F4, vec![6], 3),
        ("eight", Dtype::F8_E5M2, vec![1; 64], 1),
    ];
    let mut end = 0;
    let tensors = tensors.map(|(name, dtype, shape, bytes)| {
        let start = end;
        end += bytes;
        TensorHeader {
            name: name.into(),
            dtype,
            shape,
            bytes: start..end,
        }
    });
    let infos = tensors.iter().map(|tensor| {
        let info = TensorInfo {
            dtype: tensor.dtype,
            shape: tensor.shape.clone(),
            data_offsets: (tensor.bytes.start as usize, tensor.bytes.end as usize),
        };
        (tensor.name.clone(), info)
    });
    let format = [("format".to_owned(), "pt".to_owned())];
    let theirs = Metadata::new(Some(format.into_iter().collect()), infos.collect()).unwrap();
    let ours = encode(&tensors).unwrap();
    let text = serde_json::to_string(&theirs).unwrap();
    assert_eq!(str::from_utf8(&ours[8..]).unwrap().trim_end(), text);

    let one = |dtype, shape: &[usize], bytes| {
        let tensor = TensorHeader {
            name: "t".into(),
            dtype,
            shape: shape.to_vec(),
            bytes: 0..bytes,
        };
        encode(&[tensor]).unwrap_err().to_string()
    };
    for (error, got) in [
        (SafeTensorError::MisalignedSlice, one(Dtype::F4, &[3], 2)),
        (SafeTensorError::TensorInvalidInfo, one(Dtype::F32, &[3], 2)),
        (
            SafeTensorError::ValidationOverflow,
            one(Dtype::F32, &[usize::MAX, 2], 2),
        ),
    ] {
        assert_eq!(got, error.to_string());
    }
}

mod hostile {
    use proptest::prelude::*;
    use safetensors::SafeTensors;

    use super::*;

    /// What the format's own library says of the same file.
    fn theirs(text: &[u8], data_bytes: usize) -> bool {
        let mut file = (text.len() as u64).to_le_bytes().to_vec();
        file.extend(text);
        file.resize(file.len() + data_bytes, 0);
        SafeTensors::deserialize(&file).is_ok()
    }

    fn entry() -> impl Strategy<Value = String> {
        let dtype = prop::sample::select(vec!["F32", "BF16", "U8", "F4", "F999"]);
        let shape = prop::collection::vec(0_usize..4, 0..3);
        let offset = 0_u64..24;
        ("[ab]", dtype, shape, offset.clone(), offset).prop_map(|(name, dtype, shape, start, end)| {
            format!(r#""{name}":{{"dtype":"{dtype}","shape":{shape:?},"data_offsets":[{start},{end}]}}"#)
        })
    }

    /// Tensors that follow each other as they should, if the sizes are not changed.
    fn sound() -> impl Strategy<Value = (Vec<u8>, usize)> {
        prop::collection::vec(prop::collection::vec(0_usize..4, 0..3), 0..4).prop_map(|shapes| {
            let mut end = 0;
            let mut tensors = Vec::new();
            for (number, shape) in shapes.into_iter().enumerate() {
                let start = end;
                end += 2 * shape.iter().product::<usize>() as u64;
                tensors.push(TensorHeader {
                    name: format!("t{number}"),
                    dtype: Dtype::F16,
                    shape,
                    bytes: start..end,
                });
            }
            (encode(&tensors).unwrap()[8..].to_vec(), end as usize)
        })
    }

    proptest! {
        #[test]
        fn what_is_accepted_is_accepted_by_the_formats_own_library(
            entries in prop::collection::vec(entry(), 0..4),
            data_bytes in 0_usize..24,
        ) {
            let text = format!("{{{}}}", entries.join(","));
            if parse(text.as_bytes(), data_bytes as u64).is_ok() {
                prop_assert!(theirs(text.as_bytes(), data_bytes), "{text}");
            }
        }

        #[test]
        fn sound_headers_are_accepted_and_damage_never_panics(
            (text, data_bytes) in sound(),
            damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..3),
        ) {
            prop_assert!(parse(&text, data_bytes as u64).is_ok());
            let mut damaged = text.clone();
            for (place, byte) in damage {
                let place = place.index(damaged.len());
                damaged[place] = byte;
            }
            if parse(&damaged, data_bytes as u64).is_ok() {
                prop_assert!(theirs(&damaged, data_bytes), "{}", String::from_utf8_lossy(&damaged));
            }
        }
    }
}
