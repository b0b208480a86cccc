//! What `headwater controller` tells those whom notifications name.

use super::{Failure, kept::InForce, operation};
use crate::{
    engine::notifications::{Look, Manifests, Occurrence, PassEnded},
    model::ManifestsInForce,
    notify::{Notifier, Places},
    role::controller::Controller,
};

/// What hears of all that the controller does; `source` is where manifests come from, as people know it.
pub(super) async fn notifier(controller: &Controller, source: String) -> Result<Notifier, Failure> {
    let session = controller.session();
    let (memory, secrets) = (session.data().notifications(), session.data().notification_secrets());
    let places = Places { memory, secrets, source };
    Notifier::start(places, session.trust()).await.map_err(operation)
}

/// How it stands with a git repository.
pub(super) fn of_source(manifests: &ManifestsInForce) -> Occurrence {
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
    pub(super) fn occurrence(&self) -> Occurrence {
        Occurrence::InForce(self.manifests())
    }

    /// A pass that went by them has ended.
    pub(super) fn pass_ended(&self, look: Result<Look, String>) -> Occurrence {
        Occurrence::PassEnded(PassEnded { manifests: self.manifests(), look })
    }
}
