//! What waits for approval, and what was approved.

use serde::Serialize;

use crate::{model::Digest, plan::PlanToApprove};

use super::{
    counted,
    json_text::json_text,
    plain::{add, plain},
    status::second,
};

/// What waits, for `headwater approve`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ApprovalReport {
    /// What was approved just now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub approved: Option<Digest>,
    /// What waits.
    pub waiting: Vec<PlanToApprove>,
}

/// What waits, as JSON.
pub fn approval_json(report: &ApprovalReport) -> String {
    json_text(report)
}

/// What waits, as text: each plan with its first actions and the command that approves it.
pub fn approval_text(report: &ApprovalReport) -> String {
    if let Some(approved) = report.approved {
        return if report.waiting.iter().any(|it| it.digest == approved) {
            format!("Approved: {approved}. The controller goes on.\n")
        } else {
            format!("Approved: {approved}. No plan waits for it now: it counts for a week.\n")
        };
    }
    if report.waiting.is_empty() {
        return "Nothing waits for approval.\n".to_owned();
    }
    report.waiting.iter().map(waiting_text).collect()
}

fn waiting_text(plan: &PlanToApprove) -> String {
    let PlanToApprove { digest, since, count, actions } = plan;
    let mut text = format!(
        "{} {} approval since {}:\n",
        counted(*count, "action"),
        if *count == 1 { "waits for" } else { "wait for" },
        second(*since)
    );
    for action in actions {
        add(&mut text, format_args!("  {}\n", plain(action.as_str())));
    }
    if *count > actions.len() {
        add(&mut text, format_args!("  and {} more\n", count - actions.len()));
    }
    add(&mut text, format_args!("Approve with: headwater approve {digest}\n"));
    text
}

/// What waits, on one line.
pub fn to_approve_line(plan: &PlanToApprove) -> String {
    let first = plan.actions.first().map(|it| format!(", first {}", plain(it.as_str())));
    format!(
        "approval of {}{}: headwater approve {}",
        counted(plan.count, "action"),
        first.unwrap_or_default(),
        plan.digest
    )
}

/// The digests by which a plan is approved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PlanDigests {
    /// Of everything that would be done.
    pub all: Digest,
    /// Of everything but what takes something away: what is done without `--prune`.
    pub without_removals: Digest,
    /// Of what takes something away; absent if nothing does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub removals: Option<Digest>,
}

/// The digests of a plan, as JSON.
pub fn digests_json(digests: &PlanDigests) -> String {
    json_text(digests)
}

/// The digests of a plan, as text.
pub fn digests_text(digests: &PlanDigests) -> String {
    let PlanDigests { all, without_removals, removals } = digests;
    match removals {
        None => format!("{all}  everything\n"),
        Some(removals) => format!(
            "{all}  everything\n{without_removals}  without removals\n{removals}  removals\n"
        ),
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::plan::ActionId;

    fn plan(count: usize) -> PlanToApprove {
        PlanToApprove {
            digest: Digest::from_bytes([7; 32]),
            since: Timestamp::UNIX_EPOCH,
            count,
            actions: vec![ActionId::from("AddDistributionPoint:DistributionPoint/one".to_owned())],
        }
    }

    #[test]
    fn what_waits_says_how_it_is_approved() {
        let digest = Digest::from_bytes([7; 32]);
        let mut report = ApprovalReport { approved: None, waiting: vec![plan(1)] };
        assert_eq!(
            approval_text(&report),
            format!(
                "1 action waits for approval since 1970-01-01 00:00:00Z:\n  \
                 AddDistributionPoint:DistributionPoint/one\nApprove with: headwater approve \
                 {digest}\n"
            )
        );
        report.waiting = vec![plan(3)];
        assert!(approval_text(&report).contains("\n  and 2 more\n"));
        assert_eq!(
            to_approve_line(&plan(3)),
            format!(
                "approval of 3 actions, first AddDistributionPoint:DistributionPoint/one: headwater \
                 approve {digest}"
            )
        );
        report.approved = Some(digest);
        assert!(approval_text(&report).ends_with("The controller goes on.\n"));
        report.waiting.clear();
        assert!(approval_text(&report).contains("No plan waits for it now"));
        report.approved = None;
        assert_eq!(approval_text(&report), "Nothing waits for approval.\n");
    }
}
