//! `kubectl headwater status`: how it stands with the objects.

use std::path::PathBuf;

use clap::Args;

use crate::{
    cli::{
        ExitCode, Failure, OutputFormat, Printer,
        cluster_status::{ClusterStatus, What},
        sources,
        status::Shown,
    },
    operator::ClusterChoice,
};

/// What `kubectl headwater status` is given.
#[derive(Debug, Clone, Args)]
#[command(
    after_help = "Exit codes: 0 shown, whatever the state is; 1 the cluster cannot be asked; 2 the \
                  command line is wrong or a file cannot be read\n\n\
                  Examples:\n  kubectl headwater status --namespace updates\n  \
                  kubectl headwater status --all-namespaces --output json\n  \
                  kubectl headwater status --content --site AMS examples/contoso"
)]
pub struct Arguments {
    /// With --content: manifests, which say what is missing or not wanted.
    #[arg(value_name = "PATH", requires = "content")]
    paths: Vec<PathBuf>,
    /// Show how each package stands at each distribution point: what is available is counted, and
    /// everything else listed.
    #[arg(long, group = "detail")]
    content: bool,
    /// Show the newest status messages that the site servers keep: what happened, when, to what.
    #[arg(long, group = "detail", conflicts_with = "content")]
    messages: bool,
    #[command(flatten)]
    shown: Shown,
    /// The objects of all namespaces.
    #[arg(long, short = 'A', conflicts_with = "detail")]
    all_namespaces: bool,
    /// How results are printed.
    #[arg(long, short, value_enum, default_value_t, value_name = "FORMAT")]
    output: OutputFormat,
}

pub(super) async fn run(
    arguments: &Arguments,
    choice: &ClusterChoice,
    printer: &mut Printer,
) -> Result<ExitCode, Failure> {
    let Arguments { paths, content, messages, shown, all_namespaces, output } = arguments;
    let hierarchy =
        if paths.is_empty() { None } else { Some(sources::load_hierarchy(paths, printer)?.0) };
    let what = match (content, messages) {
        (true, _) => What::Content(hierarchy.as_ref()),
        (_, true) => What::Messages,
        _ => What::Objects,
    };
    let asked = ClusterStatus { choice, everywhere: *all_namespaces, what, output: *output };
    asked.show(&shown.filter(), printer).await
}
