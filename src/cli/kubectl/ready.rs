//! `kubectl headwater ready`: whether an operator works in a namespace.

use std::time::Duration;

use clap::Args;

use crate::{
    cli::{ExitCode, Failure, OutputFormat, Printer, cluster::Looked, operation},
    model::Interval,
    operator::{ClusterChoice, OperatorOf, readiness},
    view::{readiness_json, readiness_text},
};

/// What `kubectl headwater ready` is given.
#[derive(Debug, Clone, Args)]
#[command(
    after_help = "Exit codes: 0 ready; 1 not ready, or the cluster cannot be asked; 2 the command line is \
                  wrong\n\n\
                  Examples:\n  kubectl headwater ready --namespace updates\n  \
                  kubectl headwater ready --operator-namespace headwater --timeout 2m"
)]
pub struct Arguments {
    /// The namespace of the operator; without it that of the objects.
    #[arg(long, value_name = "NAMESPACE")]
    operator_namespace: Option<String>,
    /// The lease of the operator; without it `headwater`, as the chart calls it in a release of this name,
    /// or else `headwater-operator`.
    #[arg(long, value_name = "NAME")]
    lease: Option<String>,
    /// Only objects with these labels, where the operator has a --selector too.
    #[arg(long, short = 'l', value_name = "LABELS")]
    selector: Option<String>,
    /// How long it may take to become ready; without it, it is looked once.
    #[arg(long, value_name = "DURATION", default_value = "0s")]
    timeout: Interval,
    /// How results are printed.
    #[arg(long, short, value_enum, default_value_t, value_name = "FORMAT")]
    output: OutputFormat,
}

pub(super) async fn run(
    arguments: &Arguments,
    choice: ClusterChoice,
    printer: &mut Printer,
) -> Result<ExitCode, Failure> {
    let Arguments { operator_namespace, lease, selector, timeout, output } = arguments.clone();
    let Looked { cluster, namespace } = Looked::at(&choice).await?;
    let own_namespace = operator_namespace.unwrap_or_else(|| namespace.clone());
    let operator = OperatorOf { namespace, selector, lease, own_namespace };
    let longest = Duration::from_secs(timeout.as_seconds().into());
    let checks = readiness(&cluster.client, &operator, longest).await;
    let checks = checks.map_err(operation)?;
    printer.result(&match output {
        OutputFormat::Json => readiness_json(&checks),
        OutputFormat::Text => readiness_text(&checks),
    })?;
    let ready = checks.iter().all(|it| it.ready);
    Ok(if ready { ExitCode::Success } else { ExitCode::Failure })
}
