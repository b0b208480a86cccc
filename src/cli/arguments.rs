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
#[command(next_help_heading = "Options of all commands")]
pub struct GlobalOptions {
    /// How results are printed.
    #[arg(long, global = true, value_enum, default_value_t, value_name = "FORMAT")]
    pub output: OutputFormat,
    /// The data directory: site systems, journal and token are kept there, and it is made when
    /// it is not there.
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
    ///
    /// Compares manifests with what the site systems report, and changes nothing.
    Plan(plan::Arguments),
    /// Make the site systems agree with manifests.
    ///
    /// Plans, carries the plan out, and looks again until nothing is left to do. Where `headwater
    /// up` runs in the same data directory, the work goes through it; otherwise site systems run
    /// only as long as the command.
    Apply(apply::Arguments),
    /// Run a whole hierarchy in one process.
    ///
    /// Starts the site systems, each on a loopback address of its own, and makes them agree with
    /// the manifests. Stays and keeps it so, reading the manifests anew each time, unless --once
    /// is given.
    Up(up::Arguments),
    /// Show the state of the hierarchy.
    ///
    /// The site systems are asked. Manifests are needed only to find those with `placement:
    /// Remote`.
    Status(status::Arguments),
    /// Run the agent of one site system.
    ///
    /// For a site system that is declared with `placement: Remote` and the `agent.url` at which
    /// this agent answers. It keeps everything below --data, and goes on where it was after a
    /// restart.
    ///
    /// Its admin port asks for the token of the hierarchy, but does not speak TLS yet: therefore
    /// it listens on loopback addresses only.
    Agent(agent::Arguments),
    /// Print the JSON Schemas of the documents.
    ///
    /// Editors read them: see `yaml-language-server` in the README.
    Schema(schema::Arguments),
    /// Print the completions for a shell.
    Completions(completions::Arguments),
}
