//! What goes although no manifest declares it any more, where that is known one by one: objects of a cluster
//! are deleted by somebody, and files are only gone.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, PoisonError},
};

use super::Controller;
use crate::{
    model::{Hierarchy, Kind, Name, ResourceId},
    plan::Action,
};

/// What is to go although no manifest declares it any more, where that is known one by one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Leaving {
    /// What may be removed; nothing else that is there and not declared.
    pub removable: BTreeSet<ResourceId>,
    /// The admin addresses of agents that are declared no more.
    pub agents: BTreeMap<Name, String>,
}

impl Leaving {
    /// Whether an action removes something that shall stay. What is declared may be removed from places
    /// where it is not declared any more.
    pub(super) fn keeps(&self, action: &Action, hierarchy: &Hierarchy) -> bool {
        let ResourceId { kind, name } = &action.resource;
        let declared = match kind {
            Kind::Package => hierarchy.packages.contains_key(name),
            Kind::DistributionPoint => hierarchy.distribution_points.contains_key(name),
            Kind::SoftwareUpdatePoint => hierarchy.update_points.contains_key(name),
            _ => false,
        };
        action.kind.removes() && !declared && !self.removable.contains(&action.resource)
    }
}

impl Controller {
    /// From now on only this is removed of what is not declared, also if nothing is declared at all.
    pub fn only_removes(&self, leaving: Leaving) {
        *self.leaving.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(leaving));
    }

    /// The admin addresses of agents on computers of their own: of those that are declared, and of those
    /// that are to go.
    pub(super) fn remote_agents(&self, hierarchy: &Hierarchy) -> BTreeMap<Name, String> {
        let mut remote = hierarchy.remote_agents();
        for (name, url) in self.leaving().iter().flat_map(|it| &it.agents) {
            remote.entry(name.clone()).or_insert_with(|| url.clone());
        }
        remote
    }

    pub(super) fn leaving(&self) -> Option<Arc<Leaving>> {
        self.leaving.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
