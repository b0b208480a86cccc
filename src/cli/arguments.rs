//! What can be typed.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use super::{
    agent, agents, apply, approve, completions, content, controller, crd, explain, export, graph,
    history, import, import_state, join_token, observe, operator, output::Color, plan, ports,
    pulls, rollback, schema, show, simulate, status, sync, up, updates, validate,
};
use crate::telemetry::LogFormat;

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
    /// How messages and logs are written to standard error; `HEADWATER_LOG` says what is logged.
    #[arg(
        long,
        global = true,
        value_enum,
        default_value_t,
        value_name = "FORMAT",
        env = "HEADWATER_LOG_FORMAT"
    )]
    pub log_format: LogFormat,
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
    /// Print a plan that was written to a file, or a run.
    ///
    /// Nothing is asked and nothing is changed: the plan is printed as it was made; of a run, also how
    /// each action ended.
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
    /// Needs the program `git`. While another process keeps the hierarchy, it waits, and takes over when
    /// that one ends.
    Controller(controller::Arguments),
    /// Keep a hierarchy as the custom resources of a Kubernetes cluster say.
    ///
    /// Like `headwater controller`, with objects for documents: each change is brought about, and what there
    /// is to say stands in their status. All objects of a namespace are one hierarchy. Of several operators
    /// one works at a time.
    Operator(operator::Arguments),
    /// Show what was done: the runs that the journal remembers.
    ///
    /// The journal has them for 90 days: when, how long, by which command, for which commit, what was
    /// done and how it ended. `headwater show` has more of each. Also while a controller runs.
    History(history::Arguments),
    /// Say what would be done to go back to the manifests of before.
    ///
    /// Plans for the manifests of an earlier run or commit, which the journal keeps, and changes nothing:
    /// with --out the plan is saved for `headwater apply`. Where manifests come out of git, it says which
    /// commit makes it last.
    Rollback(rollback::Arguments),
    /// Say what waits for approval, and approve it.
    ///
    /// For `headwater controller --require-approval`. An approval is for one digest: it counts once, for a
    /// plan that would do exactly that, and is forgotten when the plan was carried out, or after a week.
    Approve(approve::Arguments),
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
    /// With --join-token-file it joins the hierarchy: a controller that has made the token gives it a
    /// certificate at its next look, and from then on its admin port speaks TLS with certificates on
    /// both sides. Without, it listens on a loopback address, and asks for the hierarchy's token.
    Agent(agent::Arguments),
    /// Make a token with which one agent joins the hierarchy.
    ///
    /// For site systems on computers of their own, whose `agent.url` begins with `https://`. The token is
    /// good once, and only for this name; one that was made before counts no more. Any command that looks
    /// at the site systems lets the agent join, once it is started with the token.
    JoinToken(join_token::Arguments),
    /// Show the agents on computers of their own.
    ///
    /// Which have joined, when, until when their certificates are good, which were revoked, and for which
    /// a token waits. Nothing is asked: it is what the data directory says.
    Agents(agents::Arguments),
    /// Have nobody talk to an agent any more.
    ///
    /// For a computer that was lost, or is somebody else's. The controller does not talk to the agent from
    /// now on, and the other agents are told to refuse its key. It can join anew, with another token.
    Revoke(agents::OfAgent),
    /// Give an agent another key and certificate now.
    ///
    /// Whatever looks at the site systems to keep them as they shall be does this by itself, when a third
    /// of the time is left.
    Renew(agents::OfAgent),
    /// Print the JSON Schemas of the documents, of plans and of reports of content.
    ///
    /// Editors read them: see `yaml-language-server` in the README.
    Schema(schema::Arguments),
    /// Print the custom resource definitions of all kinds, for a Kubernetes cluster.
    ///
    /// They are made of the same types as the JSON Schemas, with the rules that one object can know as
    /// validations in CEL.
    Crd(crd::Arguments),
    /// Print the completions for a shell.
    Completions(completions::Arguments),
}
