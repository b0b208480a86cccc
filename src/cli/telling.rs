//! What a program that stays tells others: those who watch it, and those whom notifications name.

use super::{Failure, kept::InForce, operation};
use crate::{
    engine::notifications::{Look, Manifests, Occurrence, PassEnded as Ended},
    model::ManifestsInForce,
    notify::{Notifier, Places},
    role::controller::Controller,
    web::{PassEnd, Vitals},
};

/// Who hears of what a program that stays does. Clones are the same.
#[derive(Clone)]
pub(super) struct Listeners {
    /// Those who watch it.
    pub(super) vitals: Vitals,
    /// Those whom notifications name.
    pub(super) notifier: Notifier,
}

/// How a pass has ended, and what it has found; why it could not be made, if so.
pub(super) type PassEnded = (PassEnd, Result<Look, String>);

impl Listeners {
    /// Manifests are in force.
    pub(super) fn in_force(&self, manifests: &InForce) {
        self.notifier.tell(manifests.notifications.clone());
        self.notifier.hear(manifests.occurrence());
    }

    /// How it stands with a git repository.
    pub(super) fn source(&self, manifests: &ManifestsInForce) {
        self.vitals.git(manifests);
        self.notifier.hear(of_source(manifests));
    }

    /// A pass that went by these manifests has ended, and this is what it has found.
    pub(super) fn pass_ended(&self, manifests: &InForce, (end, look): PassEnded) {
        tracing::info!(outcome = end.word(), "the pass has ended");
        self.vitals.pass_ends(end);
        self.notifier.hear(manifests.pass_ended(look));
    }
}

/// What hears of all that the controller does; `source` is where manifests come from, as people know it.
pub(super) async fn notifier(controller: &Controller, source: String) -> Result<Notifier, Failure> {
    let session = controller.session();
    let (memory, secrets) = (session.data().notifications(), session.data().notification_secrets());
    let places = Places { memory, keeper: None, secrets, source };
    Notifier::start(places, session.trust()).await.map_err(operation)
}

/// How it stands with a git repository.
fn of_source(manifests: &ManifestsInForce) -> Occurrence {
    let ManifestsInForce { source: _, commit: _, refused, unreachable } = manifests;
    Occurrence::Source {
        refused: refused.as_ref().map(|it| (Some(it.id.clone()), it.why.clone())),
        unreachable: unreachable.as_ref().map(|it| it.why.clone()),
    }
}

impl InForce {
    fn manifests(&self) -> Manifests {
        Manifests { commit: self.commit.clone(), digest: self.digest }
    }

    /// They are in force.
    fn occurrence(&self) -> Occurrence {
        Occurrence::InForce(self.manifests())
    }

    /// A pass that went by them has ended.
    fn pass_ended(&self, look: Result<Look, String>) -> Occurrence {
        Occurrence::PassEnded(Ended { manifests: self.manifests(), look })
    }
}
