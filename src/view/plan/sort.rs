//! The sorts of actions, and how many there are of each.

use schemars::JsonSchema;
use serde::Serialize;

use crate::plan::{Action, ActionKind};

/// What an action comes to: as [`Summary`](crate::plan::Summary) counts, and to verify.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Sort {
    Create,
    Change,
    Remove,
    Verify,
    Synchronize,
    Distribute,
}

impl Sort {
    pub(super) fn of(action: &Action) -> Self {
        if action.alters() { Self::Change } else { Self::of_kind(action.kind) }
    }

    pub(super) fn of_kind(kind: ActionKind) -> Self {
        match kind {
            ActionKind::CreateSiteSystem
            | ActionKind::InstallUpdateServices
            | ActionKind::InstallAdministrationConsole
            | ActionKind::AddSoftwareUpdatePoint
            | ActionKind::AddDistributionPoint
            | ActionKind::PublishLocalUpdate => Self::Create,
            ActionKind::ConfigureSsl
            | ActionKind::ConfigureSoftwareUpdatePoint
            | ActionKind::PublishClientPolicy
            | ActionKind::ConfigureDistributionPoint
            | ActionKind::EnablePull
            | ActionKind::DisablePull => Self::Change,
            ActionKind::VerifyPorts => Self::Verify,
            ActionKind::SynchronizeCategories
            | ActionKind::Synchronize
            | ActionKind::ImportUpdates => Self::Synchronize,
            ActionKind::DistributeContent
            | ActionKind::UpdateContent
            | ActionKind::ValidateContent => Self::Distribute,
            ActionKind::ExpireLocalUpdate
            | ActionKind::RemoveContent
            | ActionKind::RemoveDistributionPoint
            | ActionKind::RemoveSoftwareUpdatePoint
            | ActionKind::UninstallUpdateServices
            | ActionKind::RemoveSiteSystem => Self::Remove,
        }
    }
}

/// How many actions there are of each sort.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub(super) struct Counts {
    /// What is not there is made.
    pub(super) create: usize,
    /// What is there is changed.
    pub(super) change: usize,
    /// What is there is removed.
    pub(super) remove: usize,
    /// It is looked whether something is as it should be.
    pub(super) verify: usize,
    /// Metadata is brought.
    pub(super) synchronize: usize,
    /// Content is brought.
    pub(super) distribute: usize,
}

impl Counts {
    pub(super) fn of<'a>(actions: impl IntoIterator<Item = &'a Action>) -> Self {
        let mut counts = Self::default();
        for action in actions {
            *match Sort::of(action) {
                Sort::Create => &mut counts.create,
                Sort::Change => &mut counts.change,
                Sort::Remove => &mut counts.remove,
                Sort::Verify => &mut counts.verify,
                Sort::Synchronize => &mut counts.synchronize,
                Sort::Distribute => &mut counts.distribute,
            } += 1;
        }
        counts
    }

    /// The counts with their titles, in the order in which they are told.
    pub(super) fn columns(self) -> [(&'static str, usize); 6] {
        let Self { create, change, remove, verify, synchronize, distribute } = self;
        [
            ("create", create),
            ("change", change),
            ("remove", remove),
            ("verify", verify),
            ("synchronize", synchronize),
            ("distribute", distribute),
        ]
    }

    /// `1 to create, 0 to change, …`.
    pub(super) fn sentence(self) -> String {
        let parts = self.columns().map(|(title, count)| format!("{count} to {title}"));
        parts.join(", ")
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::plan::Summary;

    #[test]
    fn sorts_are_those_of_the_summary() {
        for kind in ActionKind::ALL {
            let action: Action = serde_json::from_value(json!({
                "id": "a", "kind": kind, "resource": "Site/a", "site": "ONE", "requirement": "SUP-5",
                "reason": "", "after": [], "targets": [], "diff": [],
            }))
            .unwrap();
            let Counts { create, change, remove, verify, synchronize, distribute } =
                Counts::of([&action]);
            let summary = Summary { create, change, remove, synchronize, distribute };
            assert_eq!(Summary::of(&[action]), summary, "{kind}");
            assert_eq!(verify, usize::from(kind == ActionKind::VerifyPorts));
        }
    }
}
