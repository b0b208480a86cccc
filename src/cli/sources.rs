//! From paths to documents: reads files, directories and standard input.

use std::{
    collections::BTreeSet,
    fs::{self, File},
    io::{self, Read},
    path::{Path, PathBuf},
    sync::Arc,
};

use super::{ExitCode, Failure, Printer};
use crate::{
    check::{Problem, check_beside},
    manifest::{Loaded, SourceText, load},
    model::Hierarchy,
    view::{Summary, problems_text, summary_line},
};

/// As much of a file is read: one byte more than `manifest` takes, so that it sees the excess.
const MOST_BYTES: u64 = (64 << 20) + 1;

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
    #[error("{name} is not a text: byte {at} is not UTF-8")]
    NotText {
        /// What was read.
        name: String,
        /// The number of the first wrong byte, from 0.
        at: usize,
    },
    /// Nothing to read.
    #[error("no manifests in {paths}: files end in .yaml or .yml, and hidden ones are skipped")]
    NothingFound {
        /// Where they were looked for.
        paths: String,
    },
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
    let loaded = load(texts);
    let mut problems = loaded.problems.clone();
    problems.extend(check_beside(&loaded.declared, &loaded.unread));
    problems.sort_by_key(|problem| problem.place.document);
    Checked { loaded, problems }
}

/// The hierarchy that is declared below some paths. Problems are printed as messages, and errors
/// among them are a failure.
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
    let coloured = printer.messages_coloured();
    printer.message(&problems_text(&problems, &loaded.source_map, coloured))?;
    let summary = Summary::of(&problems);
    if summary.errors > 0 {
        let error = anyhow::anyhow!("the manifests are not valid: {}", summary_line(summary));
        return Err(Failure::from(error));
    }
    // Without errors it resolves; if a rule were missing, this says what it should have said.
    let hierarchy = Hierarchy::resolve(&loaded.declared).map_err(anyhow::Error::from)?;
    Ok((hierarchy, loaded))
}

/// The texts at some paths: files as they are, directories with all manifests below them in the
/// order of their names, `-` for standard input. What is named twice is read once.
///
/// # Errors
///
/// Something cannot be read, is not a text, or there is nothing at all.
pub fn read(paths: &[PathBuf]) -> Result<Vec<SourceText>, SourcesError> {
    let mut search = Search::default();
    for path in paths {
        if path.as_os_str() == "-" {
            search.standard_input()?;
        } else if path.is_dir() {
            search.directory(path)?;
        } else {
            search.file(path)?;
        }
    }
    if search.texts.is_empty() {
        let paths: Vec<_> = paths.iter().map(|path| path.display().to_string()).collect();
        return Err(SourcesError::NothingFound { paths: paths.join(", ") });
    }
    Ok(search.texts)
}

#[derive(Default)]
struct Search {
    texts: Vec<SourceText>,
    /// What was visited, without symbolic links: so that loops of them end.
    visited: BTreeSet<PathBuf>,
}

impl Search {
    fn standard_input(&mut self) -> Result<(), SourcesError> {
        let name = "<stdin>".to_owned();
        if self.texts.iter().any(|text| text.name == name) {
            return Ok(());
        }
        let directory =
            std::path::absolute(".").map_err(|source| failed(Path::new("."), source))?;
        self.text(name, &directory, io::stdin().lock())
    }

    fn directory(&mut self, root: &Path) -> Result<(), SourcesError> {
        // The next one is the last: names are pushed in reverse order.
        let mut pending = vec![root.to_owned()];
        while let Some(path) = pending.pop() {
            // A link that leads nowhere is none of ours, unless it was named.
            let Ok(facts) = fs::metadata(&path) else { continue };
            if facts.is_file() {
                if path.extension().is_some_and(|end| end == "yaml" || end == "yml") {
                    self.file(&path)?;
                }
                continue;
            }
            if !facts.is_dir() || !self.first_visit(&path)? {
                continue;
            }
            let mut inside = fs::read_dir(&path)
                .and_then(Iterator::collect::<io::Result<Vec<_>>>)
                .map_err(|source| failed(&path, source))?;
            inside.retain(|entry| !entry.file_name().as_encoded_bytes().starts_with(b"."));
            inside.sort_by_key(|entry| std::cmp::Reverse(entry.file_name()));
            pending.extend(inside.iter().map(fs::DirEntry::path));
        }
        Ok(())
    }

    fn first_visit(&mut self, path: &Path) -> Result<bool, SourcesError> {
        let real = fs::canonicalize(path).map_err(|source| failed(path, source))?;
        Ok(self.visited.insert(real))
    }

    fn file(&mut self, path: &Path) -> Result<(), SourcesError> {
        if !self.first_visit(path)? {
            return Ok(());
        }
        let file = File::open(path).map_err(|source| failed(path, source))?;
        let whole = std::path::absolute(path).map_err(|source| failed(path, source))?;
        let directory = whole.parent().unwrap_or(&whole);
        self.text(path.display().to_string(), directory, file)
    }

    fn text(
        &mut self,
        name: String,
        directory: &Path,
        from: impl Read,
    ) -> Result<(), SourcesError> {
        let mut bytes = Vec::new();
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
                    return Err(SourcesError::NotText { name, at });
                }
                String::from_utf8_lossy(&bytes).into_owned()
            }
        };
        self.texts.push(SourceText { name, directory: Arc::from(directory), text });
        Ok(())
    }
}

fn failed(path: &Path, source: io::Error) -> SourcesError {
    SourcesError::Read { name: path.display().to_string(), source }
}
