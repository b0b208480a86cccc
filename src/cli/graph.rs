//! `headwater graph`: a hierarchy or a plan as a diagram.

use std::path::PathBuf;

use anyhow::anyhow;
use clap::{Args, ValueEnum};

use super::{ExitCode, Failure, Printer, show, sources};
use crate::{
    check::closest,
    model::{Hierarchy, SiteCode},
    plan::Plan,
    view::{
        PlanFilter, PlanView,
        diagram::{self, dot, mermaid, svg},
        graph::{
            hierarchy_diagram, hierarchy_graph_json, hierarchy_mermaid, plan_diagram,
            plan_graph_json,
        },
        unknown_site,
    },
};

/// What `headwater graph` is given.
#[derive(Debug, Clone, Args)]
#[command(
    after_help = "Exit codes: 0 done, 1 a manifest or the plan is not valid, 2 the command line is \
                  wrong or a file cannot be read\n\n\
                  Examples:\n  headwater graph --output svg examples/contoso > hierarchy.svg\n  \
                  headwater graph --site AMS --direction right examples/contoso\n  \
                  headwater plan --output json examples/contoso | headwater graph --plan -"
)]
pub struct Arguments {
    /// Files, directories (searched for `*.yaml` and `*.yml`), or `-` for standard input.
    #[arg(required_unless_present = "plan", conflicts_with = "plan", value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// Draw this plan instead, written by `headwater plan --output json`; `-` for standard input.
    #[arg(long, value_name = "FILE")]
    plan: Option<PathBuf>,
    /// The language of the diagram.
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    output: Output,
    /// Draw only this site and what it has to do with.
    #[arg(long, value_name = "CODE")]
    site: Option<SiteCode>,
    /// Where the diagram grows to: a hierarchy down and a plan right, unless it is said.
    #[arg(long, value_enum, value_name = "WHERE")]
    direction: Option<Direction>,
}

/// The languages of diagrams.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
enum Output {
    /// A Mermaid flowchart: GitHub, GitLab and many editors draw it where it stands.
    #[default]
    Mermaid,
    /// For Graphviz and what draws like it.
    Dot,
    /// A drawing, for browsers and web pages, light and dark.
    Svg,
    /// For programs: everything, while the others put together what is alike.
    Json,
}

/// Where a diagram grows to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Direction {
    /// From the top down.
    Down,
    /// From left to right.
    Right,
}

impl From<Direction> for diagram::Direction {
    fn from(direction: Direction) -> Self {
        match direction {
            Direction::Down => Self::Down,
            Direction::Right => Self::Right,
        }
    }
}

pub(super) fn run(arguments: &Arguments, printer: &mut Printer) -> Result<ExitCode, Failure> {
    let Arguments { paths, plan, output, site, direction } = arguments;
    let site = site.as_ref();
    let direction = direction.map(diagram::Direction::from);
    let text = if let Some(file) = plan {
        let plan = show::plan_of(file)?;
        if let Some(note) = site.and_then(|site| nothing_in(&plan, site)) {
            printer.message(&format!("note: {note}\n"))?;
        }
        let direction = direction.unwrap_or(diagram::Direction::Right);
        let diagram = || plan_diagram(&plan, site, direction);
        match output {
            Output::Json => plan_graph_json(&plan, site),
            Output::Mermaid => mermaid(&diagram()),
            Output::Dot => dot(&diagram()),
            Output::Svg => svg(&diagram()),
        }
    } else {
        let (hierarchy, _) = sources::load_hierarchy(paths, printer)?;
        if let Some(wrong) = site.and_then(|site| not_in(&hierarchy, site)) {
            return Err(Failure::new(ExitCode::Usage, anyhow!(wrong)));
        }
        let direction = direction.unwrap_or(diagram::Direction::Down);
        let diagram = || hierarchy_diagram(&hierarchy, site, direction);
        match output {
            Output::Json => hierarchy_graph_json(&hierarchy, site),
            Output::Mermaid => hierarchy_mermaid(&hierarchy, site, direction),
            Output::Dot => dot(&diagram()),
            Output::Svg => svg(&diagram()),
        }
    };
    printer.result(&text)?;
    Ok(ExitCode::Success)
}

/// What to say if a plan has nothing in a site: it may have been misspelled.
fn nothing_in(plan: &Plan, site: &SiteCode) -> Option<String> {
    let filter = PlanFilter { sites: vec![site.clone()], kinds: Vec::new() };
    unknown_site(plan, PlanView { filter: Some(&filter), hierarchy: None, full: false })
}

/// What to say if a hierarchy has no such site.
fn not_in(hierarchy: &Hierarchy, site: &SiteCode) -> Option<String> {
    if hierarchy.sites.contains_key(site) {
        return None;
    }
    let known = hierarchy.sites.keys().map(SiteCode::as_str);
    let help = closest(site.as_str(), known).map(|meant| format!(": did you mean `{meant}`?"));
    Some(format!("there is no site `{site}`{}", help.unwrap_or_default()))
}
