//! `kubectl headwater plan`: what would be done.

use std::path::PathBuf;

use clap::Args;

use crate::{
    cli::{
        ExitCode, Failure, Printer, apply,
        cluster::Looked,
        operation,
        plan::{Seen, Shown, detailed, print_plan},
        plan_output::{PlanFormat, PlanOutput},
        run::block_on,
        wanted::Wanted,
    },
    operator::{Asked, ClusterChoice, ConditionType, PlanStatus},
    view::{OperatorAction, OperatorPlan, operator_plan_text},
};

/// What `kubectl headwater plan` is given.
#[derive(Debug, Clone, Args)]
#[command(
    mut_arg("output", |it| it.short('o')),
    after_help = "Exit codes: 0 done; 1 the cluster cannot be asked or a manifest is not valid; 2 the \
                  command line is wrong or a file cannot be read. With --detailed-exitcode: 0 no \
                  changes, 1 error, 2 changes\n\n\
                  Examples:\n  kubectl headwater plan\n  \
                  kubectl headwater plan --namespace updates examples/contoso\n  \
                  kubectl headwater plan --detailed-exitcode --summary examples/contoso"
)]
pub struct Arguments {
    /// Manifests: files, directories (searched for `*.yaml` and `*.yml`), or `-` for standard input.
    /// Without them, the operator's own plan is shown.
    #[arg(value_name = "PATH")]
    paths: Vec<PathBuf>,
    #[command(flatten)]
    shown: PlanOutput,
    /// Plan what is to be done also outside of maintenance windows.
    #[arg(long, requires = "paths")]
    outside_windows: bool,
    /// Tell by the exit code whether there are changes: 0 none, 2 some, 1 error.
    #[arg(long)]
    detailed_exitcode: bool,
}

pub(super) fn run(
    arguments: &Arguments,
    choice: &ClusterChoice,
    printer: &mut Printer,
) -> Result<ExitCode, Failure> {
    let Arguments { paths, shown, outside_windows, detailed_exitcode } = arguments;
    if paths.is_empty() {
        let plan = block_on(of_operator(choice))?;
        let text = match shown.format() {
            PlanFormat::Json => format!("{:#}\n", serde_json::json!(plan)),
            PlanFormat::Text | PlanFormat::Markdown => operator_plan_text(&for_people(&plan)),
        };
        printer.result(&text)?;
        let changes = *detailed_exitcode && plan.actions_total > 0;
        return Ok(if changes { ExitCode::Changes } else { ExitCode::Success });
    }
    let wanted = Wanted::of_manifests(paths, printer);
    let planned = wanted.and_then(|mut wanted| {
        wanted.hierarchy = apply::in_windows(wanted.hierarchy, *outside_windows);
        let seen = Seen::Cluster(choice);
        print_plan(wanted, &Shown { seen, out: None, digest: false, output: shown }, printer)
    });
    match detailed_exitcode {
        true => detailed(planned),
        false => planned.map(|_| ExitCode::Success),
    }
}

/// What the operator says of what there is to do.
async fn of_operator(choice: &ClusterChoice) -> Result<PlanStatus, Failure> {
    let Looked { cluster, namespace } = Looked::at(choice).await?;
    let plan = Asked::new(cluster.client, namespace.clone()).plan().await.map_err(operation)?;
    plan.ok_or_else(|| {
        operation(anyhow::anyhow!(
            "there is no plan in namespace `{namespace}`: an operator writes it after its first look at objects \
             (`kubectl headwater ready`)"
        ))
    })
}

fn for_people(plan: &PlanStatus) -> OperatorPlan {
    let ready = plan.conditions.iter().find(|it| it.condition_type == ConditionType::Ready);
    OperatorPlan {
        count: plan.actions_total,
        actions: plan
            .actions
            .iter()
            .map(|it| OperatorAction {
                kind: it.kind.clone(),
                resource: it.resource.clone(),
                reason: it.reason.clone(),
                to_approve: it.to_approve,
            })
            .collect(),
        waiting: plan.waiting.iter().map(|it| (it.resource.clone(), it.reason.clone())).collect(),
        approve: plan.digest_to_approve.map(crate::model::Digest::short),
        standing: ready.map(|it| it.message.clone()),
    }
}
