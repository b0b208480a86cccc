//! `kubectl headwater sync`: Run Synchronization.

use clap::Args;
use serde_json::json;

use crate::{
    cli::{ExitCode, Failure, OutputFormat, Printer, cluster::Looked, operation, staying::pause},
    clock,
    model::Interval,
    operator::{Asked, ClusterChoice},
};

/// What `kubectl headwater sync` is given.
#[derive(Debug, Clone, Args)]
#[command(
    after_help = "Exit codes: 0 it was asked for, or with --wait done; 1 the site cannot be synchronized by \
                  hand, or it takes longer than --timeout; 2 the command line is wrong\n\n\
                  Examples:\n  kubectl headwater sync CEN --namespace updates\n  \
                  kubectl headwater sync CEN --wait --timeout 30m"
)]
pub struct Arguments {
    /// The site at the top, by its code or by the name of its object.
    #[arg(value_name = "SITE")]
    site: String,
    /// Wait until it is done.
    #[arg(long)]
    wait: bool,
    /// How long that may take.
    #[arg(long, value_name = "DURATION", default_value = "10m", requires = "wait")]
    timeout: Interval,
    /// How results are printed.
    #[arg(long, short, value_enum, default_value_t, value_name = "FORMAT")]
    output: OutputFormat,
}

pub(super) async fn run(
    arguments: &Arguments,
    choice: &ClusterChoice,
    printer: &mut Printer,
) -> Result<ExitCode, Failure> {
    let Arguments { site, wait, timeout, output } = arguments;
    let Looked { cluster, namespace } = Looked::at(choice).await?;
    let asked = Asked::new(cluster.client, namespace);
    let (point, request) = asked.synchronize(site, clock::now()).await.map_err(operation)?;
    let object = format!("softwareupdatepoint.headwater.dev/{point}");
    if *wait {
        if *output == OutputFormat::Text {
            printer.message(&format!("{object} annotated: waiting until it is synchronized\n"))?;
        }
        asked.until_synchronized(&point, &request, pause(*timeout)).await.map_err(operation)?;
    }
    let done = if *wait { "synchronized" } else { "annotated" };
    printer.result(&match output {
        OutputFormat::Json => {
            let told = json!({"softwareUpdatePoint": point, "requestedAt": request, "done": wait});
            format!("{told:#}\n")
        }
        OutputFormat::Text => format!("{object} {done}\n"),
    })?;
    Ok(ExitCode::Success)
}
