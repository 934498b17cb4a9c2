//! The IDX reader against bytes of every kind: one test a rule, and no panic for any.

use std::io::{self, Read, Write};

use evenkeel_data::idx::{self, IdxError};
use flate2::{Compression, write::GzEncoder};
use proptest::prelude::*;

const LIMIT: usize = 1000;

fn file(kind: u8, shape: &[u32], values: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0, 0, kind, shape.len() as u8];
    shape
        .iter()
        .for_each(|axis| bytes.extend(axis.to_be_bytes()));
    bytes.extend(values);
    bytes
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn error(bytes: &[u8]) -> (IdxError, String) {
    let error = idx::read(bytes, LIMIT).unwrap_err();
    let text = error.to_string();
    (error, text)
}

#[test]
fn whole_files_read_plain_and_compressed() {
    let bytes = file(8, &[2, 1, 3], &[1, 2, 3, 4, 5, 6]);
    for array in [
        idx::read(&bytes[..], LIMIT),
        idx::read_gzip(&gzip(&bytes)[..], LIMIT),
    ] {
        let array = array.unwrap();
        assert_eq!(
            (array.shape(), array.values()),
            (&[2, 1, 3][..], &[1, 2, 3, 4, 5, 6][..])
        );
        let images = array.into_images().unwrap();
        assert_eq!((images.count(), images.rows(), images.columns()), (2, 1, 3));
    }
}

#[test]
fn empty() {
    let (error, text) = error(&[]);
    assert!(matches!(error, IdxError::Empty));
    assert_eq!(text, "empty: it holds no byte");
}

#[test]
fn wrong_magic() {
    let (error, text) = error(b"\x1f\x8b\x08\x00");
    assert!(matches!(error, IdxError::Magic { got: [0x1f, 0x8b] }));
    assert!(
        text.starts_with("wrong magic number: it begins with 1f 8b"),
        "{text}"
    );
}

#[test]
fn wrong_element_type() {
    let (error, text) = error(&file(0x0d, &[1], &[0; 4]));
    assert!(matches!(error, IdxError::ElementType { code: 0x0d }));
    assert_eq!(
        text,
        "wrong element type: code 0x0d (32-bit float), expected 0x08 (unsigned byte)"
    );
}

#[test]
fn no_dimensions() {
    assert!(matches!(
        error(&file(8, &[], &[1])).0,
        IdxError::Rank {
            expected: 1,
            got: 0
        }
    ));
}

#[test]
fn an_axis_of_nothing() {
    let (error, text) = error(&file(8, &[3, 0, 28], &[]));
    assert!(matches!(error, IdxError::EmptyAxis { axis: 1, .. }));
    assert_eq!(text, "empty: dimension 1 of [3, 0, 28] is 0");
}

#[test]
fn more_than_allowed_or_than_can_be_counted() {
    let (within, _) = error(&file(8, &[LIMIT as u32 + 1], &[]));
    assert!(matches!(within, IdxError::TooLarge { limit: LIMIT, .. }));
    let huge = file(8, &[u32::MAX; 255], &[0; 8]);
    let error = idx::read(&huge[..], usize::MAX).unwrap_err();
    assert!(matches!(error, IdxError::TooLarge { .. }));
}

#[test]
fn truncated_anywhere() {
    let bytes = file(8, &[2, 2], &[1, 2, 3, 4]);
    for length in 1..bytes.len() {
        let (error, text) = error(&bytes[..length]);
        assert!(
            matches!(error, IdxError::Truncated { got, .. } if got == length),
            "{text}"
        );
    }
    let text = error(&bytes[..14]).1;
    assert_eq!(text, "truncated: 14 bytes, expected 16");
}

#[test]
fn a_declared_gigabyte_is_not_allocated_for_ten_bytes() {
    // Were 2⁶² bytes asked for at once, the allocator would abort the test.
    let bytes = file(8, &[1 << 31, 1 << 31], &[7; 10]);
    let error = idx::read(&bytes[..], usize::MAX).unwrap_err();
    assert!(matches!(error, IdxError::Truncated { got: 22, .. }));
}

#[test]
fn trailing_bytes() {
    let (error, text) = error(&file(8, &[2], &[1, 2, 3]));
    assert!(matches!(error, IdxError::TrailingBytes { expected: 10 }));
    assert!(text.contains("more than the 10 bytes"), "{text}");
}

#[test]
fn labels_past_9() {
    let error = idx::read(&file(8, &[3], &[9, 10, 11])[..], LIMIT)
        .unwrap()
        .into_labels();
    let error = error.unwrap_err();
    assert!(matches!(
        error,
        IdxError::Label {
            index: 1,
            label: 10
        }
    ));
    assert_eq!(
        error.to_string(),
        "label 10 at index 1 is past 9; labels are the digits 0 to 9"
    );
}

#[test]
fn images_are_not_labels() {
    let labels = || idx::read(&file(8, &[3], &[1, 2, 3])[..], LIMIT).unwrap();
    let error = labels().into_images().unwrap_err();
    assert_eq!(
        error.to_string(),
        "wrong type: 1 dimensions, expected 3 (images)"
    );
    let images = idx::read(&file(8, &[1, 1, 1], &[1])[..], LIMIT).unwrap();
    assert!(matches!(
        images.into_labels(),
        Err(IdxError::Rank {
            expected: 1,
            got: 3
        })
    ));
}

#[test]
fn truncated_gzip() {
    let bytes = gzip(&file(
        8,
        &[900],
        &(0..900).map(|i| (i * i % 251) as u8).collect::<Vec<_>>(),
    ));
    for length in 0..bytes.len() {
        let error = idx::read_gzip(&bytes[..length], LIMIT).unwrap_err();
        assert!(
            matches!(error, IdxError::TruncatedGzip),
            "{length}: {error}"
        );
    }
}

#[test]
fn corrupt_gzip() {
    let whole = gzip(&file(8, &[4], &[1, 2, 3, 4]));
    let mut checksum = whole.clone();
    let place = checksum.len() - 8;
    checksum[place] ^= 1;
    let mut header = whole;
    header[0] = 0;
    for bytes in [checksum, header] {
        let error = idx::read_gzip(&bytes[..], LIMIT).unwrap_err();
        assert!(matches!(error, IdxError::CorruptGzip { .. }), "{error}");
    }
}

#[test]
fn a_gzip_bomb_is_left_alone() {
    let mut bytes = file(8, &[10], &[0; 10]);
    bytes.resize(64 << 20, 0);
    let error = idx::read_gzip(&gzip(&bytes)[..], LIMIT).unwrap_err();
    assert!(matches!(error, IdxError::TrailingBytes { expected: 18 }));
}

#[test]
fn a_failing_reader_is_not_a_damaged_file() {
    struct Broken;
    impl Read for Broken {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(io::Error::new(io::ErrorKind::PermissionDenied, "not yours"))
        }
    }
    for error in [idx::read(Broken, LIMIT), idx::read_gzip(Broken, LIMIT)] {
        assert!(matches!(error, Err(IdxError::Read(e)) if e.to_string().contains("not yours")));
    }
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = idx::read(&bytes[..], LIMIT);
        let _ = idx::read_gzip(&bytes[..], LIMIT);
    }

    #[test]
    fn no_header_makes_it_panic(
        rank in 0u8..6,
        rest in prop::collection::vec(prop_oneof![Just(0u8), Just(1), Just(255), any::<u8>()], 0..60),
    ) {
        let bytes = [&[0, 0, 8, rank], &rest[..]].concat();
        if let Ok(array) = idx::read(&bytes[..], usize::MAX) {
            prop_assert_eq!(array.shape().iter().product::<usize>(), array.values().len());
            prop_assert_eq!(4 + 4 * usize::from(rank) + array.values().len(), bytes.len());
        }
        let _ = idx::read_gzip(&gzip(&bytes)[..], LIMIT);
    }

    #[test]
    fn what_was_written_is_read(shape in prop::collection::vec(1u32..6, 1..4), seed in any::<u8>()) {
        let count = shape.iter().product::<u32>();
        let values: Vec<u8> = (0..count).map(|i| (i as u8).wrapping_mul(31) ^ seed).collect();
        let array = idx::read(&file(8, &shape, &values)[..], LIMIT).unwrap();
        prop_assert!(array.shape().iter().map(|&axis| axis as u32).eq(shape.iter().copied()));
        prop_assert_eq!(array.values(), &values[..]);
    }
}
