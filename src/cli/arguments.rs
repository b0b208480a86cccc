//! What can be typed.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use super::{
    agent, apply, completions, content, controller, explain, export, graph, import, import_state,
    observe, output::Color, plan, ports, pulls, schema, show, simulate, status, sync, up, updates,
    validate,
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
    /// Say what a rule wants, and why.
    ///
    /// Problems are told with the ID of the rule they break; this prints the rule with a wrong and
    /// a right example, or, without an ID, all rules.
    Explain(explain::Arguments),
    /// Say what would be done.
    ///
    /// Compares manifests with what the site systems report, and changes nothing.
    Plan(plan::Arguments),
    /// Print a plan that was written to a file.
    ///
    /// Nothing is asked and nothing is changed: the plan is printed as it was made.
    Show(show::Arguments),
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
    /// Keep a hierarchy as a git repository says.
    ///
    /// Like `headwater up`, with manifests out of git: each new commit is fetched, verified, validated
    /// and brought about. One that is not good is refused whole, and the last good one stays in force.
    /// Needs the program `git`.
    Controller(controller::Arguments),
    /// Synchronize a site at the top now, and those below it.
    ///
    /// Run Synchronization, as administrators know it: updates that are new come into the site database,
    /// and what has changed or expired waits for the schedule, unless --full is given. Nothing else is
    /// changed, and no manifests are needed.
    Sync(sync::Arguments),
    /// Show the state of the hierarchy.
    ///
    /// The site systems are asked. Manifests are needed only to find those with `placement:
    /// Remote` and, with --content, to tell what is missing or not wanted.
    Status(status::Arguments),
    /// Show the transfers of pull distribution points that are under way.
    ///
    /// What comes from where, how fast, and when it will be there; or what is waited for, and until
    /// when. With --follow it goes on until nothing is under way any more.
    Pulls(pulls::Arguments),
    /// Draw a hierarchy or a plan.
    Graph(graph::Arguments),
    /// Say what will happen, and how long it will take.
    ///
    /// The machines that synchronize and distribute in earnest run in virtual time, over lines, machines
    /// and sizes as a scenario has them: when every site has synchronized and every distribution point
    /// has every package, what goes over which line, what waits for what, and what never arrives.
    /// Nothing is asked, unless with --embedded, and nothing is changed.
    Simulate(simulate::Arguments),
    /// Write down what the site systems report.
    ///
    /// For `headwater plan --observed`, which needs no site systems then. Nothing is set in motion.
    Observe(observe::Arguments),
    /// Write manifests for site systems that are there.
    ///
    /// The site systems are asked, and described as documents that leave a plan with nothing to
    /// do: a hierarchy that is running is adopted with them.
    ImportState(import_state::Arguments),
    /// Show who talks to whom on which ports.
    ///
    /// Derives every flow from the manifests: as a table, as data, as a diagram, or as rules for
    /// firewalls. With --check, connects to the ports of the roles and says what really answers.
    Ports(ports::Arguments),
    /// Write all updates of a software update point into a file.
    ///
    /// The whole catalog, in the form of `wsusutil export`: any update point can import it, one of ours
    /// or one of WSUS. For sites that no network leads to. Or an offline catalog, for programs that
    /// look for missing updates there.
    Export(export::Arguments),
    /// Import a file of updates into a software update point.
    ///
    /// What `headwater export` or `wsusutil export` has written. Everything in the file is verified
    /// before anything is stored: of a file that is damaged or cut off nothing is imported. What is in
    /// the catalog already stays as it is.
    Import(import::Arguments),
    /// Carry content by hand, or validate it.
    ///
    /// For distribution points with `prestaged: true` content is written into a file where it is, and
    /// taken in where it shall be. `validate` hashes what a distribution point or a site server has
    /// again, and repairs what is damaged.
    Content(content::Arguments),
    /// Look at the updates of a software update point.
    ///
    /// Lists and finds them by words, products, classifications and dates, shows everything about one of
    /// them, and checks that all of them are as they were stored.
    Updates(updates::Arguments),
    /// Run the agent of one site system.
    ///
    /// For a site system that is declared with `placement: Remote` and the `agent.url` at which
    /// this agent answers. It keeps everything below --data, and goes on where it was after a
    /// restart.
    ///
    /// Its admin port asks for the token of the hierarchy, but does not speak TLS yet: therefore
    /// it listens on loopback addresses only.
    Agent(agent::Arguments),
    /// Print the JSON Schemas of the documents, of plans and of reports of content.
    ///
    /// Editors read them: see `yaml-language-server` in the README.
    Schema(schema::Arguments),
    /// Print the completions for a shell.
    Completions(completions::Arguments),
}
