//! Reading `results.json` back: the file comes from outside and may be anything.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::error::Category;
use thiserror::Error;

use super::{Results, SCHEMA};

/// The name under which results lie in an output folder.
const FILE_NAME: &str = "results.json";

/// The largest file that is read: 256 MiB. Every experiment at 10,000 layers writes about 150 MB.
pub const MAX_BYTES: u64 = 256 << 20;

/// The most JSON values that are read, 16 Mi, counted by what opens or parts them. A value takes two
/// bytes of text and up to 64 of memory, so that a file of commas is bounded by this at 1 GiB.
pub const MAX_VALUES: u64 = 16 << 20;

/// Why no results were read.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ReadError {
    /// The file is not there, or may not be read.
    #[error(
        "cannot read {}: {source}; give the results.json that `evenkeel lab` or `evenkeel train` wrote, or its folder",
        path.display()
    )]
    Open {
        /// The file.
        path: PathBuf,
        /// What the operating system says.
        source: io::Error,
    },
    /// A folder without results.
    #[error(
        "the folder {} holds no results.json; give a folder that `evenkeel lab` or `evenkeel train` wrote into, \
         or a results file",
        path.display()
    )]
    Folder {
        /// The folder.
        path: PathBuf,
    },
    /// More than is read.
    #[error("{} has more than {max} {what}, and no more are read: that is no results file of evenkeel's", path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// The most that is read.
        max: u64,
        /// Of what: bytes, or JSON values.
        what: &'static str,
    },
    /// A file of no bytes, or of white space.
    #[error("{} is empty; run the command that wrote it again", path.display())]
    Empty {
        /// The file.
        path: PathBuf,
    },
    /// A file of another kind.
    #[error(
        "{} is no results file but {found}; give the results.json that `evenkeel lab` or `evenkeel train` wrote",
        path.display()
    )]
    NotResults {
        /// The file.
        path: PathBuf,
        /// What it is.
        found: String,
    },
    /// Results in a layout that this version does not know yet.
    #[error(
        "{} has schema {got}, and this evenkeel reads schemas up to {expected}; read it with evenkeel {version}, \
         which wrote it, or a newer one",
        path.display()
    )]
    Newer {
        /// The file.
        path: PathBuf,
        /// The schema that it names.
        got: u64,
        /// The newest schema that is read.
        expected: u32,
        /// The version that wrote it.
        version: String,
    },
    /// Results that were cut off or changed.
    #[error(
        "{} is damaged at line {line}, column {column}: {reason}; run the command that wrote it again",
        path.display()
    )]
    Damaged {
        /// The file.
        path: PathBuf,
        /// The line, counted from 1.
        line: usize,
        /// The column, counted from 1 in bytes.
        column: usize,
        /// What does not read.
        reason: String,
    },
}

impl Results {
    /// Reads the results in a file, or in the `results.json` of a folder that `evenkeel lab` or
    /// `evenkeel train` wrote into.
    ///
    /// At most [`MAX_BYTES`] and [`MAX_VALUES`] are read, whatever is there. Lists that belong
    /// together and differ in length are not looked for here: whoever draws them does.
    ///
    /// # Errors
    ///
    /// [`ReadError`]: [`Open`](ReadError::Open) and [`Folder`](ReadError::Folder) when there is no
    /// such file, [`TooLarge`](ReadError::TooLarge), [`Empty`](ReadError::Empty),
    /// [`NotResults`](ReadError::NotResults) for another kind of file, [`Newer`](ReadError::Newer)
    /// for another layout, and [`Damaged`](ReadError::Damaged) with the line and the column.
    pub fn read(path: &Path) -> Result<Self, ReadError> {
        let path = match path.is_dir() {
            true => in_folder(path)?,
            false => path.to_owned(),
        };
        let bytes = bounded(&path)?;
        parse(&path, &bytes)
    }
}

/// The results file of a folder.
fn in_folder(folder: &Path) -> Result<PathBuf, ReadError> {
    let path = folder.join(FILE_NAME);
    if path.is_file() {
        return Ok(path);
    }
    Err(ReadError::Folder {
        path: folder.to_owned(),
    })
}

/// The bytes of a file. A length that the file system tells may be wrong, or endless for a device:
/// the reading itself is bounded.
fn bounded(path: &Path) -> Result<Vec<u8>, ReadError> {
    let open = |source| ReadError::Open {
        path: path.to_owned(),
        source,
    };
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(open)?;
    let length = file.metadata().map_err(open)?.len();
    if length <= MAX_BYTES {
        file.take(MAX_BYTES + 1)
            .read_to_end(&mut bytes)
            .map_err(open)?;
    }
    let too_large = |max, what| ReadError::TooLarge {
        path: path.to_owned(),
        max,
        what,
    };
    if length.max(bytes.len() as u64) > MAX_BYTES {
        return Err(too_large(MAX_BYTES, "bytes"));
    }
    if values(&bytes) > MAX_VALUES {
        return Err(too_large(MAX_VALUES, "JSON values"));
    }
    Ok(bytes)
}

/// At least as many as there are values: each but the first stands behind one of these.
fn values(bytes: &[u8]) -> u64 {
    let opens = |byte: &&u8| matches!(byte, b',' | b'[' | b'{' | b':');
    bytes.iter().filter(opens).count() as u64
}

/// What tells kinds of JSON apart; everything else is passed over.
#[derive(Deserialize)]
struct Head {
    schema: Option<serde_json::Value>,
    version: Option<serde_json::Value>,
    experiments: Option<IgnoredAny>,
    /// What a checkpoint of training has.
    checkpoint: Option<IgnoredAny>,
    /// What a manifest of `evenkeel init` has.
    tensors: Option<IgnoredAny>,
}

fn parse(path: &Path, bytes: &[u8]) -> Result<Results, ReadError> {
    let not_results = |found: String| ReadError::NotResults {
        path: path.to_owned(),
        found,
    };
    let begin = bytes.iter().find(|byte| !byte.is_ascii_whitespace());
    match begin {
        None => {
            return Err(ReadError::Empty {
                path: path.to_owned(),
            });
        }
        Some(b'{') => {}
        Some(_) if is_safetensors(bytes) => {
            return Err(not_results("a safetensors file".to_owned()));
        }
        Some(b'[' | b'"') => return Err(not_results("JSON of another kind".to_owned())),
        Some(_) => return Err(not_results("something that is not JSON".to_owned())),
    }
    let head: Head = serde_json::from_slice(bytes).map_err(|e| damaged(path, &e))?;
    let schema = match head.schema.as_ref().map(serde_json::Value::as_u64) {
        Some(Some(schema)) if head.experiments.is_some() || schema > u64::from(SCHEMA) => schema,
        _ => return Err(not_results(head.kind().to_owned())),
    };
    match schema {
        newer if newer > u64::from(SCHEMA) => Err(ReadError::Newer {
            path: path.to_owned(),
            got: newer,
            expected: SCHEMA,
            version: head.version(),
        }),
        0 => Err(not_results(
            "JSON of schema 0, which no version of evenkeel wrote".to_owned(),
        )),
        _ => serde_json::from_slice(bytes).map_err(|error| damaged(path, &error)),
    }
}

impl Head {
    /// What a file is that is no results file.
    fn kind(&self) -> &'static str {
        match self {
            Self {
                checkpoint: Some(_),
                ..
            } => "the manifest of a training checkpoint",
            Self {
                tensors: Some(_), ..
            } => "the manifest of a checkpoint's tensors",
            _ => "JSON of another kind",
        }
    }

    /// The version that wrote the file, on one line and not long, whatever stands there.
    fn version(&self) -> String {
        match &self.version {
            Some(serde_json::Value::String(text))
                if text.len() <= 40 && !text.chars().any(char::is_control) =>
            {
                text.clone()
            }
            _ => "of an unknown version".to_owned(),
        }
    }
}

/// Eight bytes of length, then a JSON object.
fn is_safetensors(bytes: &[u8]) -> bool {
    bytes.get(8) == Some(&b'{') && bytes[..8].contains(&0)
}

/// What the parser says, which may quote the file: short, and without power over a terminal.
fn harmless(reason: &str) -> String {
    const LONGEST: usize = 200;
    let mut shown: String = reason
        .chars()
        .take(LONGEST)
        .map(|c| if c.is_control() { '\u{fffd}' } else { c })
        .collect();
    if reason.chars().nth(LONGEST).is_some() {
        shown.push('…');
    }
    shown
}

fn damaged(path: &Path, error: &serde_json::Error) -> ReadError {
    let (line, column) = (error.line(), error.column());
    let reason = match error.classify() {
        Category::Eof => "it ends in the middle".to_owned(),
        _ => {
            let text = error.to_string();
            let place = format!(" at line {line} column {column}");
            harmless(text.strip_suffix(&place).unwrap_or(&text))
        }
    };
    ReadError::Damaged {
        path: path.to_owned(),
        line,
        column,
        reason,
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::results::{DataSummary, NormalizedSummary, PartSummary, Scale, Timing};

    fn results() -> Results {
        let part = PartSummary {
            count: 10,
            mean: 0.13.into(),
            std: f64::NAN.into(),
        };
        Results {
            schema: SCHEMA,
            version: "0.1.0".to_owned(),
            seed: 3,
            scale: Scale::Quick,
            data: DataSummary {
                name: "strokes".to_owned(),
                source: "drawn".to_owned(),
                fallback: None,
                train: part,
                valid: part,
                test: part,
                normalized: NormalizedSummary {
                    train: part,
                    valid: part,
                    test: part,
                },
            },
            experiments: Vec::new(),
            timing: Timing::default(),
        }
    }

    /// Writes `bytes` to a file, expects an error with all of `words` in its message.
    fn refused(bytes: impl AsRef<[u8]>, words: &[&str]) -> ReadError {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("given.json");
        fs::write(&path, bytes).unwrap();
        let error = Results::read(&path).unwrap_err();
        let said = error.to_string();
        for word in words.iter().chain([&"given.json"]) {
            assert!(said.contains(word), "no {word:?} in {said}");
        }
        error
    }

    #[test]
    fn what_was_written_is_read_from_the_file_and_from_its_folder() {
        let folder = tempfile::tempdir().unwrap();
        let json = results().to_json();
        fs::write(folder.path().join("results.json"), &json).unwrap();
        for path in [folder.path().to_owned(), folder.path().join("results.json")] {
            assert_eq!(Results::read(&path).unwrap().to_json(), json);
        }
    }

    #[test]
    fn what_is_not_there_is_said_with_what_to_give() {
        let folder = tempfile::tempdir().unwrap();
        let error = Results::read(folder.path()).unwrap_err();
        assert!(matches!(error, ReadError::Folder { .. }), "{error:?}");
        let said = error.to_string();
        assert!(said.contains("holds no results.json"), "{said}");
        let error = Results::read(&folder.path().join("none.json")).unwrap_err();
        assert!(matches!(error, ReadError::Open { .. }), "{error:?}");
        let said = error.to_string();
        assert!(
            said.contains("cannot read") && said.contains("none.json"),
            "{said}"
        );
        assert!(said.contains("evenkeel lab"), "{said}");
    }

    #[test]
    fn an_empty_file_is_told_as_such() {
        for empty in ["", " \n\t\n"] {
            let error = refused(empty, &["is empty", "again"]);
            assert!(matches!(error, ReadError::Empty { .. }), "{error:?}");
        }
    }

    #[test]
    fn a_newer_schema_is_told_with_the_version_that_reads_it() {
        let newer = r#"{"schema": 7, "version": "3.2.1", "chapters": {}}"#;
        let error = refused(newer, &["schema 7", "up to 1", "evenkeel 3.2.1"]);
        assert!(
            matches!(error, ReadError::Newer { got: 7, .. }),
            "{error:?}"
        );
        // A version that is no version has no power over the terminal.
        let hostile = "{\"schema\": 7, \"version\": \"\\u001b[2J\"}";
        refused(hostile, &["of an unknown version"]);
    }

    #[test]
    fn damage_is_told_with_its_line_and_column() {
        let json = results().to_json();
        let half = refused(&json[..json.len() / 2], &["it ends in the middle", "line"]);
        assert!(matches!(half, ReadError::Damaged { .. }), "{half:?}");
        let line = 1 + json.lines().position(|l| l.contains("\"seed\"")).unwrap();
        // The syntax, and the kind of a value.
        for wrong in ["\"seed\": ,", "\"seed\": \"three\","] {
            let bad = json.replace("\"seed\": 3,", wrong);
            let error = refused(&bad, &[&format!("line {line}, column")]);
            let ReadError::Damaged { line: got, .. } = error else {
                panic!("{error:?}");
            };
            assert_eq!(got, line);
        }
        let missing = json.replace("  \"seed\": 3,\n", "");
        refused(&missing, &["missing field `seed`"]);
        refused("{\"schema\": 1, \"experiments\": [\u{1}]}", &["line 1"]);
        refused(b"{\"schema\": 1, \"version\": \"\xff\"}", &["line 1"]);
        // What is quoted from the file is short, and has no power over the terminal.
        let hostile = json.replace(
            "\"quick\"",
            &format!("\"\\u001b[2J{}\"", "x".repeat(100_000)),
        );
        let said = refused(&hostile, &["unknown variant"]).to_string();
        assert!(said.len() < 1_000 && !said.contains('\u{1b}'), "{said}");
        // Lists in lists, deeper than a stack.
        let (open, close) = ("[".repeat(100_000), "]".repeat(100_000));
        let deep = format!(
            "{{\"schema\": 1, \"experiments\": [{{\"measured\": {{\"x\": {open}{close}}}}}]}}"
        );
        refused(deep, &["recursion limit"]);
        refused(format!("{{\"a\": {open}"), &["it ends in the middle"]);
    }

    #[test]
    fn other_files_are_named_for_what_they_are() {
        for (bytes, found) in [
            (&b"PNG and no JSON"[..], "something that is not JSON"),
            (b"[1, 2]", "JSON of another kind"),
            (b"{}", "JSON of another kind"),
            (b"{\"schema\": 1}", "JSON of another kind"),
            (b"{\"schema\": 0, \"experiments\": []}", "schema 0"),
            (
                b"{\"format\": 1, \"checkpoint\": {\"folder\": \"x\"}}",
                "a training checkpoint",
            ),
            (
                b"{\"schema\": \"evenkeel-manifest/1\", \"tensors\": []}",
                "the manifest of a checkpoint's tensors",
            ),
            (b"\x02\0\0\0\0\0\0\0{}", "a safetensors file"),
        ] {
            let error = refused(bytes, &[found, "evenkeel lab"]);
            assert!(matches!(error, ReadError::NotResults { .. }), "{error:?}");
        }
    }

    #[test]
    fn nothing_takes_more_than_the_bounds() {
        // A file with a hole: long, and of no weight on the disk.
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("long.json");
        File::create(&path).unwrap().set_len(MAX_BYTES + 1).unwrap();
        let error = Results::read(&path).unwrap_err();
        assert!(
            matches!(error, ReadError::TooLarge { what: "bytes", .. }),
            "{error:?}"
        );
        let said = error.to_string();
        assert!(said.contains("more than 268435456 bytes"), "{said}");
        let many = vec![b','; usize::try_from(MAX_VALUES).unwrap() + 1];
        let error = refused(many, &["more than 16777216 JSON values"]);
        assert!(matches!(error, ReadError::TooLarge { .. }), "{error:?}");
    }

    #[cfg(unix)]
    #[test]
    fn a_file_without_end_is_bounded_too() {
        let error = Results::read(Path::new("/dev/zero")).unwrap_err();
        assert!(
            matches!(error, ReadError::TooLarge { what: "bytes", .. }),
            "{error:?}"
        );
    }
}
