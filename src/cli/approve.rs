//! `headwater approve`: say what waits for approval, and approve it.

use std::path::Path;

use anyhow::anyhow;
use clap::Args;

use super::{ExitCode, Failure, OutputFormat, Printer, operation};
use crate::{
    clock,
    model::Digest,
    role::{controller::ApprovalFiles, host::DataDirectory},
    view::{ApprovalReport, approval_json, approval_text},
};

/// What `headwater approve` is given.
#[derive(Debug, Clone, Args)]
#[command(
    after_help = "Exit codes: 0 done; 1 the data directory cannot be read or written; 2 that is \
                  no digest, or not that of one plan that waits\n\n\
                  Examples:\n  headwater approve\n  headwater approve \
                  sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
)]
pub struct Arguments {
    /// The digest of the plan that is approved, or, of one that waits, its first digits: eight at
    /// least. Without it, what waits is listed.
    #[arg(value_name = "DIGEST")]
    digest: Option<String>,
    /// How results are printed.
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    output: OutputFormat,
}

/// Fewer digits could be those of another plan.
const FEWEST_DIGITS: usize = 8;

pub(super) fn run(
    arguments: &Arguments,
    data: &Path,
    printer: &mut Printer,
) -> Result<ExitCode, Failure> {
    let data = DataDirectory::open(data).map_err(operation)?;
    let files = ApprovalFiles::of(&data);
    let waiting: Vec<_> = files.read().map_err(operation)?.waiting.into_iter().collect();
    let approved = match &arguments.digest {
        None => None,
        Some(text) => {
            let digest = digest(text, waiting.iter().map(|it| it.digest))?;
            files.give(digest, None, clock::now()).map_err(operation)?;
            Some(digest)
        }
    };
    let report = ApprovalReport { approved, waiting };
    printer.result(&match arguments.output {
        OutputFormat::Json => approval_json(&report),
        OutputFormat::Text => approval_text(&report),
    })?;
    Ok(ExitCode::Success)
}

/// The digest that somebody means.
pub(super) fn digest(
    text: &str,
    waiting: impl IntoIterator<Item = Digest>,
) -> Result<Digest, Failure> {
    let usage = |error: anyhow::Error| Failure::new(ExitCode::Usage, error);
    let digits = text.strip_prefix("sha256:").unwrap_or(text).to_ascii_lowercase();
    if let Ok(digest) = Digest::from_hex(&digits) {
        return Ok(digest);
    }
    if digits.len() < FEWEST_DIGITS || !digits.bytes().all(|it| it.is_ascii_hexdigit()) {
        return Err(usage(anyhow!(
            "`{text}` is not a digest: write `sha256:` and 64 hexadecimal digits, or the first \
             {FEWEST_DIGITS} of a plan that waits"
        )));
    }
    let meant = waiting.into_iter().find(|it| it.to_hex().starts_with(&digits));
    let none = || usage(anyhow!("no plan waits whose digest begins with `{text}`"));
    meant.ok_or_else(none)
}
