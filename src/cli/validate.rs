//! `headwater validate`: what is wrong with manifests.

use clap::{Args, ValueEnum};

use super::{ExitCode, Failure, Printer, manifests::Manifests, sources::check_all};
use crate::view::{Summary, counted, problems_json, problems_sarif, problems_text, summary_line};

/// What `headwater validate` is given.
#[derive(Debug, Clone, Args)]
#[command(
    after_help = "Exit codes: 0 valid (warnings allowed, unless --strict), 1 invalid, 2 the \
                        command line is wrong or a file cannot be read\n\n\
                        Examples:\n  headwater validate --strict examples/contoso\n  \
                        headwater validate --output json - < site.yaml\n  \
                        headwater validate --output sarif . > headwater.sarif"
)]
pub struct Arguments {
    #[command(flatten)]
    manifests: Manifests,
    /// How results are printed.
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    output: Format,
    /// Count warnings as errors.
    #[arg(long)]
    strict: bool,
}

/// How problems are printed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people.
    #[default]
    Text,
    /// For programs.
    Json,
    /// SARIF 2.1.0, for code scanning in pull requests.
    Sarif,
}

pub(super) fn run(arguments: &Arguments, printer: &mut Printer) -> Result<ExitCode, Failure> {
    let Arguments { manifests, output, strict } = arguments;
    let (checked, refused) =
        check_all(&manifests.paths).map_err(|error| Failure::new(ExitCode::Usage, error))?;
    let summary = Summary::of(&checked.problems);
    match output {
        Format::Json => {
            printer.result(&problems_json(&checked.problems, &checked.loaded.source_map))?;
        }
        Format::Sarif => {
            // Without a current directory, paths stay as they were given.
            let base = std::env::current_dir().ok();
            let source_map = &checked.loaded.source_map;
            printer.result(&problems_sarif(&checked.problems, source_map, base.as_deref()))?;
        }
        Format::Text => {
            let coloured = printer.results_coloured();
            let source_map = &checked.loaded.source_map;
            printer.result(&problems_text(&checked.problems, source_map, coloured))?;
            let read = counted(checked.loaded.source_map.documents(), "document");
            printer.result(&format!("{read}: {}\n", summary_line(summary)))?;
        }
    }
    // What is in such a file may be valid or not.
    if refused {
        return Ok(ExitCode::Usage);
    }
    let invalid = summary.errors > 0 || (*strict && summary.warnings > 0);
    Ok(if invalid { ExitCode::Failure } else { ExitCode::Success })
}
