//! `kubectl headwater approve`: say what waits for approval, and approve it.

use clap::Args;
use serde_json::json;

use crate::{
    cli::{ExitCode, Failure, OutputFormat, Printer, approve::digest, cluster::Looked, operation},
    model::Digest,
    operator::{Asked, ClusterChoice, PLAN_NAME, PlannedAction},
    view::{OperatorAction, OperatorPlan, operator_plan_text},
};

/// What `kubectl headwater approve` is given.
#[derive(Debug, Clone, Args)]
#[command(
    after_help = "Exit codes: 0 done; 1 the cluster cannot be asked; 2 that is no digest, or not that \
                  of the plan that waits\n\n\
                  Examples:\n  kubectl headwater approve --namespace updates\n  \
                  kubectl headwater approve 9f86d081"
)]
pub struct Arguments {
    /// The digest of the plan that is approved, or, of one that waits, its first digits: eight at
    /// least. Without it, what waits is listed.
    #[arg(value_name = "DIGEST")]
    digest: Option<String>,
    /// How results are printed.
    #[arg(long, short, value_enum, default_value_t, value_name = "FORMAT")]
    output: OutputFormat,
}

pub(super) async fn run(
    arguments: &Arguments,
    choice: &ClusterChoice,
    printer: &mut Printer,
) -> Result<ExitCode, Failure> {
    let Looked { cluster, namespace } = Looked::at(choice).await?;
    let asked = Asked::new(cluster.client, namespace);
    let plan = asked.plan().await.map_err(operation)?.unwrap_or_default();
    let waiting: Vec<&PlannedAction> = plan.actions.iter().filter(|it| it.to_approve).collect();
    let json = arguments.output == OutputFormat::Json;
    let approved = match &arguments.digest {
        None => None,
        Some(text) => {
            let digest = digest(text, plan.digest_to_approve)?;
            asked.approve(digest).await.map_err(operation)?;
            Some(digest)
        }
    };
    let text = if json {
        let waits = plan.digest_to_approve;
        format!(
            "{:#}\n",
            json!({"approved": approved, "digestToApprove": waits, "actions": waiting})
        )
    } else if let Some(approved) = approved {
        approved_text(approved, plan.digest_to_approve)
    } else if let Some(digest) = plan.digest_to_approve {
        let actions = waiting.iter().map(|it| OperatorAction {
            kind: it.kind.clone(),
            resource: it.resource.clone(),
            reason: it.reason.clone(),
            to_approve: true,
        });
        operator_plan_text(&OperatorPlan {
            actions: actions.collect(),
            approve: Some(digest.short()),
            ..OperatorPlan::default()
        })
    } else {
        "nothing waits for approval\n".to_owned()
    };
    printer.result(&text)?;
    Ok(ExitCode::Success)
}

/// In the words of `kubectl`, and what comes of it.
fn approved_text(approved: Digest, waits: Option<Digest>) -> String {
    if waits == Some(approved) {
        format!("plan.headwater.dev/{PLAN_NAME} approved: {approved}\n")
    } else {
        format!(
            "plan.headwater.dev/{PLAN_NAME} annotated: {approved}\nno plan waits for it now: it counts for a \
             week\n"
        )
    }
}
