//! No plan holds a secret: plans are printed, saved and posted where many can read them.

use std::borrow::Cow;

use crate::model::{hide_secrets_in, without_secrets};

use super::{Action, FieldChange, Plan, PlanDiagnostic, Waiting};

/// Hides what the URLs in the texts of a plan give away. A field that differs only in that stays
/// in the plan, with equal texts: it changes all the same.
pub(super) fn hide_secrets(plan: &mut Plan) {
    for Action { reason, diff, .. } in &mut plan.actions {
        hide(reason);
        for FieldChange { path: _, before, after, written: _, found } in diff {
            hide_secrets_in(before);
            hide_secrets_in(after);
            if let Some(found) = found {
                hide(&mut found.at);
            }
        }
    }
    for Waiting { on, .. } in &mut plan.waiting {
        hide(on);
    }
    for PlanDiagnostic { message, .. } in &mut plan.diagnostics {
        hide(message);
    }
}

fn hide(text: &mut String) {
    if let Cow::Owned(shown) = without_secrets(text) {
        *text = shown;
    }
}
