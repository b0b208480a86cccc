//! From paths to documents: reads files, directories and standard input.

use std::{
    collections::BTreeMap,
    fs::{File, Metadata},
    io::{self, Read},
    path::{Path, PathBuf},
    sync::Arc,
};

use super::{
    ExitCode, Failure, Printer,
    search::{Found, search},
    threads::{each, worth},
};
use crate::{
    check::{Problem, Severity, check_beside},
    manifest::{
        LARGEST_FILE, Loaded, ReadFile, SourceText, UnreadFile, Workspace, pieces, put_together,
    },
    model::{Hierarchy, Name},
    view::{Summary, problems_text, summary_line},
};

/// As much of a file is read: one byte more than `manifest` takes, so that it sees the excess.
const MOST_BYTES: u64 = LARGEST_FILE as u64 + 1;
/// As many files are worth a thread of their own, which takes about as long to begin as ten of
/// them to be read.
pub(super) const FILES_OF_A_THREAD: usize = 100;
/// And so are as many bytes to parse.
const BYTES_OF_A_THREAD: usize = 64 << 10;

/// Why manifests could not be read.
#[derive(Debug, thiserror::Error)]
pub enum SourcesError {
    /// The operating system refused.
    #[error("cannot read {name}")]
    Read {
        /// What was to be read.
        name: String,
        /// Its reason.
        source: io::Error,
    },
    /// Not UTF-8.
    #[error("{name} is not a text: line {line} is not UTF-8")]
    NotText {
        /// What was read.
        name: String,
        /// The first line that is wrong, from 1.
        line: usize,
    },
    /// Nothing to read.
    #[error("no manifests in {paths}: files end in .yaml or .yml, and hidden ones are skipped")]
    NothingFound {
        /// Where they were looked for.
        paths: String,
    },
}

impl SourcesError {
    pub(super) fn read(path: &Path, source: io::Error) -> Self {
        Self::Read { name: path.display().to_string(), source }
    }
}

/// Documents, and all that is wrong with them.
#[derive(Debug)]
pub struct Checked {
    /// What was read.
    pub loaded: Loaded,
    /// The problems of reading and those of the rules, in the order of documents.
    pub problems: Vec<Problem>,
}

/// Reads documents and applies all rules.
pub fn load_and_check(texts: Vec<SourceText>) -> Checked {
    checked(parse(texts))
}

fn checked(files: Vec<ReadFile>) -> Checked {
    let loaded = Workspace::new(files).into_loaded();
    let problems = problems(&loaded);
    Checked { loaded, problems }
}

/// Reads all that can be read at some paths, and applies all rules. What cannot is one more
/// problem, and the second value tells whether the operating system refused any of it.
///
/// # Errors
///
/// A path that was named is not there, or there is nothing at all.
pub(super) fn check_all(paths: &[PathBuf]) -> Result<(Checked, bool), SourcesError> {
    let found = search(paths)?;
    let threads = worth(found.len(), FILES_OF_A_THREAD);
    let read = each(found, threads, |found| {
        let directory = found.directory();
        read_one(found).map_err(|error| (error, directory))
    });
    let mut refused = false;
    let mut files = Vec::with_capacity(read.len());
    for file in read {
        files.push(match file {
            Ok((text, _)) => Ok(text),
            Err((SourcesError::NotText { name, line }, directory)) => {
                let why = format!("the file is not a text: line {line} is not UTF-8");
                Err(UnreadFile::refused(name, directory, why, "write it in UTF-8"))
            }
            Err((SourcesError::Read { name, source }, directory)) => {
                refused = true;
                let why = format!("the operating system does not let it be read: {source}");
                let help = "check who may read it, or move it elsewhere";
                Err(UnreadFile::refused(name, directory, why, help))
            }
            Err((error @ SourcesError::NothingFound { .. }, _)) => return Err(error),
        });
    }
    let bytes = files.iter().flatten().map(|text| text.text.len()).sum();
    Ok((checked(parse_with(files, bytes)), refused))
}

/// The problems of reading and those of the rules, in the order of documents.
pub(super) fn problems(loaded: &Loaded) -> Vec<Problem> {
    let mut problems = loaded.problems.clone();
    problems.extend(check_beside(&loaded.declared, &loaded.unread));
    problems.sort_by_key(|problem| problem.place.document);
    problems
}

/// Texts to documents, on all processors.
pub(super) fn parse(texts: Vec<SourceText>) -> Vec<ReadFile> {
    let bytes = texts.iter().map(|text| text.text.len()).sum();
    parse_with(texts.into_iter().map(Ok).collect(), bytes)
}

/// Of some files it is known already that they cannot be read.
fn parse_with(texts: Vec<Result<SourceText, UnreadFile>>, bytes: usize) -> Vec<ReadFile> {
    let threads = worth(bytes, BYTES_OF_A_THREAD);
    let files = each(texts, threads, |text| text.map_or_else(|refused| refused, UnreadFile::new));
    let read = each(pieces(&files, threads), threads, |piece| piece.read());
    put_together(files, read)
}

/// The hierarchy that is declared below some paths. Errors and warnings are printed as messages,
/// and errors are a failure; what is good to know is for `headwater validate`.
///
/// # Errors
///
/// A path cannot be read ([`ExitCode::Usage`]), or there are errors ([`ExitCode::Failure`]).
pub fn load_hierarchy(
    paths: &[PathBuf],
    printer: &mut Printer,
) -> Result<(Hierarchy, Loaded), Failure> {
    let texts = read(paths).map_err(|error| Failure::new(ExitCode::Usage, error))?;
    let Checked { loaded, problems } = load_and_check(texts);
    let hierarchy = valid_hierarchy(&loaded, &problems, printer)?;
    Ok((hierarchy, loaded))
}

/// The admin addresses of the agents on computers of their own; of no paths, none.
///
/// # Errors
///
/// As with [`load_hierarchy`].
pub(super) fn remote_agents(
    paths: &[PathBuf],
    printer: &mut Printer,
) -> Result<BTreeMap<Name, String>, Failure> {
    if paths.is_empty() {
        return Ok(BTreeMap::new());
    }
    Ok(load_hierarchy(paths, printer)?.0.remote_agents())
}

/// The hierarchy that documents declare, if none of their problems is an error. The problems are
/// printed as messages.
///
/// # Errors
///
/// There are errors ([`ExitCode::Failure`]).
pub(super) fn valid_hierarchy(
    loaded: &Loaded,
    problems: &[Problem],
    printer: &mut Printer,
) -> Result<Hierarchy, Failure> {
    // What is only good to know is for `validate` to say, not for every command.
    let told: Vec<Problem> =
        problems.iter().filter(|it| it.severity != Severity::Info).cloned().collect();
    let coloured = printer.messages_coloured();
    printer.message(&problems_text(&told, &loaded.source_map, coloured))?;
    let summary = Summary::of(&told);
    if summary.errors > 0 {
        let error = anyhow::anyhow!("the manifests are not valid: {}", summary_line(summary));
        return Err(Failure::from(error));
    }
    // Without errors it resolves; if a rule were missing, this says what it should have said.
    Ok(Hierarchy::resolve(&loaded.declared).map_err(anyhow::Error::from)?)
}

/// The texts at some paths: files as they are, directories with all manifests below them in the
/// order of their names, `-` for standard input. What is named twice is read once.
///
/// # Errors
///
/// Something cannot be read, is not a text, or there is nothing at all.
pub fn read(paths: &[PathBuf]) -> Result<Vec<SourceText>, SourcesError> {
    let found = search(paths)?;
    let threads = worth(found.len(), FILES_OF_A_THREAD);
    each(found, threads, |found| Ok(read_one(found)?.0)).into_iter().collect()
}

/// A text, and what its file was when it was opened.
pub(super) fn read_one(found: Found) -> Result<(SourceText, Option<Metadata>), SourcesError> {
    match found {
        Found::StandardInput(directory) => {
            let text = text("<stdin>".to_owned(), directory, 0, io::stdin().lock())?;
            Ok((text, None))
        }
        Found::File(found) => {
            let failed = |source| SourcesError::read(&found.path, source);
            let file = File::open(&found.path).map_err(failed)?;
            let facts = file.metadata().map_err(failed)?;
            let name = found.path.display().to_string();
            let text = text(name, found.directory, facts.len(), file)?;
            Ok((text, Some(facts)))
        }
    }
}

fn text(
    name: String,
    directory: Arc<Path>,
    length: u64,
    from: impl Read,
) -> Result<SourceText, SourcesError> {
    // One byte more, to see the end without asking for more room.
    let room = usize::try_from(length.min(MOST_BYTES)).unwrap_or_default() + 1;
    let mut bytes = Vec::with_capacity(room);
    if let Err(source) = from.take(MOST_BYTES).read_to_end(&mut bytes) {
        return Err(SourcesError::Read { name, source });
    }
    let text = match String::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => {
            let at = error.utf8_error().valid_up_to();
            // A file that is cut off in the middle of a character is too large, not broken.
            let bytes = error.into_bytes();
            if u64::try_from(bytes.len()).is_ok_and(|length| length < MOST_BYTES) {
                let line = bytes.iter().take(at).filter(|byte| **byte == b'\n').count() + 1;
                return Err(SourcesError::NotText { name, line });
            }
            String::from_utf8_lossy(&bytes).into_owned()
        }
    };
    Ok(SourceText { name, directory, text })
}
