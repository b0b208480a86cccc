//! The manifests that a command is given.

use std::path::PathBuf;

use clap::Args;

/// The manifests that a command reads.
#[derive(Debug, Clone, Args)]
pub struct Manifests {
    /// Files, directories (searched for `*.yaml` and `*.yml`), or `-` for standard input.
    #[arg(required = true, value_name = "PATH")]
    pub paths: Vec<PathBuf>,
}
