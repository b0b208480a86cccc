//! What can be typed.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use super::{
    agent, apply, completions,
    output::{Color, OutputFormat},
    plan, schema, status, up, validate,
};

/// Declares software-update hierarchies as YAML and makes the site systems agree with them.
#[derive(Debug, Parser)]
#[command(
    name = "headwater",
    version,
    propagate_version = true,
    disable_help_subcommand = true,
    after_help = "Example: headwater validate examples/contoso"
)]
pub struct Cli {
    /// Options of all commands.
    #[command(flatten)]
    pub global: GlobalOptions,
    /// The command.
    #[command(subcommand)]
    pub command: Command,
}

/// Options of all commands.
#[derive(Debug, Clone, Args)]
pub struct GlobalOptions {
    /// How results are printed.
    #[arg(long, global = true, value_enum, default_value_t, value_name = "FORMAT")]
    pub output: OutputFormat,
    /// Where everything is kept that has to be remembered.
    #[arg(
        long,
        global = true,
        value_name = "DIR",
        default_value = ".headwater",
        env = "HEADWATER_DATA"
    )]
    pub data: PathBuf,
    /// When colours are used; `auto` obeys `NO_COLOR`.
    #[arg(long, global = true, value_enum, default_value_t, value_name = "WHEN")]
    pub color: Color,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Say what is wrong with manifests.
    Validate(validate::Arguments),
    /// Say what would be done.
    Plan(plan::Arguments),
    /// Make the site systems agree with manifests.
    Apply(apply::Arguments),
    /// Run a whole hierarchy in one process.
    Up(up::Arguments),
    /// Show the state of the hierarchy.
    Status(status::Arguments),
    /// Run the agent of one site system.
    Agent(agent::Arguments),
    /// Print the JSON Schemas of the documents.
    Schema(schema::Arguments),
    /// Print the completions for a shell.
    Completions(completions::Arguments),
}

/// The manifests that a command reads.
#[derive(Debug, Clone, Args)]
pub struct Manifests {
    /// Files, directories (searched for `*.yaml` and `*.yml`), or `-` for standard input.
    #[arg(required = true, value_name = "PATH")]
    pub paths: Vec<PathBuf>,
}
