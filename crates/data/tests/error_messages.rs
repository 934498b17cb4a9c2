//! Every error there is, as a caller meets it: its variant, and what its message says of what is
//! wrong, where, what was expected and what to do. What a network does wrong is in `download.rs`.

use std::fs;
use std::io::{self, Read, Write};
use std::path::Path;

use evenkeel_data::idx::{self, IdxError};
use evenkeel_data::mnist::{self, FILES, FileError, FileFault, Origin};
use evenkeel_data::{
    BatchError, Batches, Choice, DataError, Dataset, DatasetError, Download, FetchError, Images,
    ImagesError, Places, RasterError, Remainder, Request, Silent, contact_sheet, load_from,
    strokes,
};
use flate2::{Compression, write::GzEncoder};

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

fn idx_file(kind: u8, shape: &[u32], values: &[u8]) -> Vec<u8> {
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

struct Broken;

impl Read for Broken {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        Err(io::Error::other("the disk fell out"))
    }
}

#[test]
fn idx_files() {
    use IdxError as E;
    let read = |bytes: &[u8]| idx::read(bytes, 100);
    let labels = |values: &[u8]| idx_file(8, &[values.len() as u32], values);
    refused!(read(&[]), E::Empty, "empty: it holds no byte");
    refused!(
        read(b"PK\x03\x04"),
        E::Magic { got: [0x50, 0x4b] },
        "it begins with 50 4b, an IDX file with 00 00",
    );
    refused!(
        read(&idx_file(0x0d, &[1], &[0; 4])),
        E::ElementType { code: 0x0d },
        "code 0x0d (32-bit float), expected 0x08 (unsigned byte)",
    );
    refused!(
        read(&labels(&[1, 2])).unwrap().into_images(),
        E::Rank {
            expected: 3,
            got: 1
        },
        "wrong type: 1 dimensions, expected 3 (images)",
    );
    refused!(
        read(&idx_file(8, &[2, 0, 3], &[])),
        E::EmptyAxis { axis: 1, .. },
        "empty: dimension 1 of [2, 0, 3] is 0",
    );
    refused!(
        read(&idx_file(8, &[101], &[])),
        E::TooLarge { limit: 100, .. },
        "shape [101] declares more than the 100 bytes allowed here",
    );
    refused!(
        read(&labels(&[1, 2])[..9]),
        E::Truncated {
            expected: 10,
            got: 9
        },
        "truncated: 9 bytes, expected 10",
    );
    refused!(
        read(&[labels(&[1, 2]), vec![0]].concat()),
        E::TrailingBytes { expected: 10 },
        "more than the 10 bytes that its header declares",
    );
    let packed = gzip(&labels(&[1; 90]));
    refused!(
        idx::read_gzip(&packed[..packed.len() - 3], 100),
        E::TruncatedGzip,
        "truncated gzip: the compressed stream ends before its end mark",
    );
    refused!(
        idx::read_gzip(&b"\x1f\x8b\x08not gzip at all..."[..], 100),
        E::CorruptGzip { .. },
        "corrupt gzip: ",
    );
    refused!(
        read(&labels(&[1, 10])).unwrap().into_labels(),
        E::Label {
            index: 1,
            label: 10
        },
        "label 10 at index 1 is past 9; labels are the digits 0 to 9",
    );
    refused!(
        idx::read(Broken, 100),
        E::Read(_),
        "cannot be read: the disk fell out"
    );
    // Every shape that is read fits images: passed on all the same.
    refused!(
        Images::new(1, 2, 0, vec![]).map_err(E::from),
        E::Images(ImagesError::Empty { .. }),
        "no pixels: 1 images of 2×0",
    );
}

/// The second file of MNIST, its training labels, replaced by these bytes.
fn labels_of(bytes: &[u8]) -> Result<(), FileError> {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join(FILES[1].plain.name), bytes).unwrap();
    mnist::verify(&mnist::find_in(folder.path(), &FILES[1], Origin::DataDir).unwrap())
}

#[test]
fn files_of_mnist() {
    let labels = |count: usize| idx_file(8, &[count as u32], &vec![3; count]);
    let (replace, source) = (
        "delete it, so that it is looked for elsewhere",
        "ossci-datasets",
    );
    macro_rules! faulty {
        ($result:expr, $fault:pat, $($part:expr),+ $(,)?) => {
            refused!($result, FileError { fault: $fault, .. }, source, $($part),+)
        };
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(FILES[1].plain.name);
    fs::write(&path, "").unwrap();
    let located = mnist::find_in(folder.path(), &FILES[1], Origin::DataDir).unwrap();
    fs::remove_file(&path).unwrap();
    faulty!(
        mnist::verify(&located),
        FileFault::Unreadable(_),
        "train-labels-idx1-ubyte: cannot be read: No such file",
        "make it readable, or delete it",
    );
    fs::create_dir(&path).unwrap();
    faulty!(
        mnist::verify(&located),
        FileFault::NotAFile,
        "train-labels-idx1-ubyte: not a file; move it out of the way",
    );
    faulty!(
        labels_of(b""),
        FileFault::Format(IdxError::Empty),
        "train-labels-idx1-ubyte: empty: it holds no byte",
        replace,
    );
    faulty!(
        labels_of(&labels(60_004)),
        FileFault::TooLong { expected: 60_008 },
        "wrongly sized: more than the 60008 bytes published",
        replace,
    );
    faulty!(
        labels_of(&labels(50_000)),
        FileFault::Shape { .. },
        "wrongly sized: shape [50000], MNIST's is [60000]",
        replace,
    );
    faulty!(
        labels_of(&labels(60_000)),
        FileFault::HashMismatch { .. },
        "SHA-256 is ",
        ", expected ",
        replace,
    );
}

fn load(choice: Choice, data_dir: Option<&Path>, download: Download) -> Result<(), DataError> {
    let request = Request {
        choice,
        data_dir: data_dir.map(Path::to_path_buf),
        seed: 1,
        download,
    };
    let nowhere = Places {
        environment: None,
        cache: None,
        mirrors: Vec::new(),
    };
    load_from(&request, &nowhere, &Silent).map(drop)
}

#[test]
fn data_sets() {
    use DataError as E;
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    refused!(
        load(Choice::Mnist, Some(&at.join("absent")), Download::Forbidden),
        E::NotAFolder { .. },
        "absent is not a folder; name one that holds MNIST's four files",
    );
    refused!(
        load(Choice::Mnist, Some(at), Download::Forbidden),
        E::NotInFolder { .. },
        "does not hold MNIST: train-images-idx3-ubyte.gz, ",
        "name a folder that holds its four files",
    );
    refused!(
        load(Choice::Mnist, None, Download::Forbidden),
        E::Absent { .. },
        "MNIST is not on this machine (train-images-idx3-ubyte.gz, ",
        "allow it, or point EVENKEEL_DATA at a folder that has the files",
    );
    refused!(
        load(Choice::Mnist, None, Download::Allowed),
        E::Fetch(FetchError::NoCache),
        "cannot be fetched: no cache folder for downloads",
        "set one of them, or name a data folder",
    );
    for file in &FILES {
        fs::write(at.join(file.plain.name), "junk").unwrap();
    }
    refused!(
        load(Choice::Mnist, Some(at), Download::Forbidden),
        E::File(FileError {
            fault: FileFault::Format(IdxError::Magic { .. }),
            ..
        }),
        "train-images-idx3-ubyte: wrong magic number",
    );
    // Files whose digests are right do make a data set: passed on all the same.
    let counts = DatasetError::Counts {
        part: "test",
        images: 2,
        labels: 3,
    };
    refused!(
        Err::<(), _>(E::from(counts)),
        E::Dataset(DatasetError::Counts { .. }),
        "test: 2 images but 3 labels; each image needs exactly one label",
    );
}

#[test]
fn images_and_labels() {
    use DatasetError as D;
    use ImagesError as I;
    let images = |count: usize, columns: usize| {
        Images::new(count, 1, columns, vec![0; count * columns]).unwrap()
    };
    refused!(
        Images::new(0, 28, 28, vec![]),
        I::Empty { count: 0, .. },
        "no pixels: 0 images of 28×28; each of the three must be at least 1",
    );
    for (count, got) in [(1, 5), (usize::MAX, 0)] {
        refused!(
            Images::new(count, 2, 2, vec![0; got]),
            I::Length { .. },
            &format!("{count} images of 2×2 do not fit {got} pixels"),
            "give exactly count × rows × columns",
        );
    }
    let split = |labels: Vec<u8>, test: Images, valid| {
        Dataset::split("x", (images(3, 2), labels), valid, (test, vec![0]))
    };
    refused!(
        split(vec![0; 2], images(1, 2), 1),
        D::Counts {
            part: "train",
            images: 3,
            labels: 2
        },
        "train: 3 images but 2 labels",
    );
    refused!(
        split(vec![0, 1, 12], images(1, 2), 1),
        D::Label {
            index: 2,
            label: 12,
            ..
        },
        "train: label 12 of image 2 is past 9; labels are the digits 0 to 9",
    );
    for valid in [0, 3] {
        refused!(
            split(vec![0; 3], images(1, 2), valid),
            D::Split { images: 3, .. },
            &format!("cannot cut {valid} validation images off 3: both parts need at least one"),
        );
    }
    refused!(
        split(vec![0; 3], images(1, 5), 1),
        D::Size {
            train: (1, 2),
            test: (1, 5)
        },
        "training images are 1×2 but test images 1×5; they must have one size",
    );
    let sizes = strokes::Sizes {
        train: 1,
        valid: 0,
        test: 1,
    };
    refused!(
        strokes::generate_sized(1, sizes),
        D::Images { part: "valid", .. },
        "valid: no pixels: 0 images of 28×28",
    );
}

#[test]
fn batches_and_pictures() {
    refused!(
        Batches::new(5, 0, 1, Remainder::Keep),
        BatchError::ZeroSize,
        "the batch size is 0; it must be at least 1",
    );
    refused!(
        Batches::new(2, 3, 1, Remainder::Drop),
        BatchError::TooFew { count: 2, size: 3 },
        "2 examples make no batch of 3; take at most 2 a batch, or more data",
    );
    let folder = tempfile::tempdir().unwrap();
    let sizes = strokes::Sizes {
        train: 10,
        valid: 10,
        test: 10,
    };
    let sheet = contact_sheet(&strokes::generate_sized(1, sizes).unwrap().train, 10);
    refused!(
        sheet.write_png(&folder.path().join("no/sheet.png")),
        RasterError::Write { .. },
        "no/sheet.png: No such file",
        "choose a file in a folder that exists and can be written",
    );
}
