//! Site systems that run in the cluster: their objects are applied, those of sites above first, and their
//! agents join by tokens that only they can read.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use k8s_openapi::apimachinery::pkg::apis::meta::v1::OwnerReference;
use kube::{
    Api, Client,
    api::{DeleteParams, Patch, PropagationPolicy},
    core::DynamicObject,
};
use serde_json::Value;

use super::{
    children::{Child, Children, Hosting, Owner, has_to_be_made_anew, is_as_wanted},
    granting::Granted,
    growing::Claims,
    objects::{ObjectKey, Snapshot},
    owned::{Owned, resource},
    pruning::{ChildKey, prune},
    tokens::Tokens,
    wanted::Wanted,
    writing::applying,
};
use crate::{
    error_text::with_causes,
    model::{API_VERSION, DELETION_POLICY, Hierarchy, Kind, Name, Placement, Port},
    net::{CertificatesError, RegistryError},
    role::controller::Controller,
};

/// A site system cannot be placed.
#[derive(Debug, thiserror::Error)]
pub(super) enum PlacingError {
    /// The API server.
    #[error("{0}")]
    Api(String, #[source] Box<kube::Error>),
    /// What is known of agents.
    #[error(transparent)]
    Registry(#[from] RegistryError),
    /// The authority of the hierarchy.
    #[error(transparent)]
    Certificates(#[from] CertificatesError),
    /// The API server has no such objects.
    #[error("this cluster knows no {0}")]
    NoSuchKind(String),
}

/// Places site systems in one namespace.
pub(super) struct Placing {
    client: Client,
    hosting: Hosting,
    owned: Owned,
    tokens: Tokens,
    claims: Claims,
    granted: Granted,
}

impl Placing {
    pub(super) fn new(client: Client, hosting: Hosting, owned: Owned) -> Self {
        let tokens = Tokens::new(client.clone(), &hosting.namespace);
        let claims = Claims::new(client.clone(), &hosting.namespace);
        let granted = Granted::new(client.clone(), &hosting.namespace);
        Self { client, hosting, owned, tokens, claims, granted }
    }

    /// Applies what differs, deletes what is wanted no longer, and says in the hierarchy where the agents
    /// are. What cannot be done holds nothing else up, and is done by a later pass; why is in the log.
    pub(super) async fn place(
        &self,
        wanted: &mut Wanted,
        snapshot: &Snapshot,
        controller: &Controller,
    ) {
        let hierarchy = wanted.hierarchy.clone();
        let children = Children::of(&hierarchy, &self.hosting);
        let hosted: Vec<&Name> = children.hosted().collect();
        controller.session().addresses().set_names(children.service_names());
        self.urls(wanted, &children, &hosted);
        let agents = controller.session().data().agents();
        self.tell(self.tokens.give(&hosted, snapshot, agents).await);
        self.grant(&children, &hosted, snapshot, controller).await;
        let mut keys = BTreeSet::new();
        let mut waits = false;
        for tier in tiers(&hierarchy, &hosted) {
            let mut rolling = false;
            for name in tier {
                let Some(owner) = owner(snapshot, name) else { continue };
                let all = children.wanted(name, &owner);
                keys.extend(all.iter().map(Child::key));
                if !waits {
                    rolling |= self.apply_all(name, &all).await;
                }
            }
            // Those below wait until the site above them runs as it shall.
            waits |= rolling;
        }
        self.prune(&keys, snapshot).await;
    }

    /// Fills the secrets that roles name, where nobody is named who issues certificates.
    async fn grant(
        &self,
        children: &Children<'_>,
        hosted: &[&Name],
        snapshot: &Snapshot,
        controller: &Controller,
    ) {
        let mut names = BTreeSet::new();
        for name in hosted {
            let Some(owner) = owner(snapshot, name) else { continue };
            for wanted in children.secrets(name, &owner) {
                names.insert(wanted.child.name.clone());
                let certificates = controller.session().data().certificates();
                self.tell(self.granted.grant(&wanted, certificates).await);
            }
        }
        self.tell(self.granted.forget_others(&names).await);
    }

    /// Applies what differs of a site system; whether it does not run as it shall yet.
    async fn apply_all(&self, name: &Name, all: &[Child]) -> bool {
        let mut rolling = false;
        for child in all {
            let is_set = child.kind.kind == "StatefulSet";
            rolling |= self.tell(self.applied(child).await).unwrap_or(is_set);
            if is_set {
                self.tell(self.claims.grow(name, &child.object).await);
            }
        }
        rolling
    }

    /// Deletes what is wanted no longer.
    async fn prune(&self, wanted: &BTreeSet<ChildKey>, snapshot: &Snapshot) {
        let namespace = &self.hosting.namespace;
        for surplus in self.owned.surplus(namespace, wanted, snapshot) {
            self.tell(prune(&self.client, namespace, &surplus).await);
            if surplus.kind == "StatefulSet" {
                // Nobody waits for it any more.
                self.tell(self.tokens.forget(&surplus.system).await);
            }
        }
    }

    /// Says why something is not done; what came of it if it is.
    fn tell<T>(&self, done: Result<T, PlacingError>) -> Option<T> {
        let failed = |error: PlacingError| {
            let (namespace, why) = (&self.hosting.namespace, with_causes(&error));
            tracing::warn!(
                namespace,
                "site systems are not as they shall be in the cluster: {why}"
            );
        };
        done.map_err(failed).ok()
    }

    /// Says where agents are: in the hierarchy, and of those that are to go.
    fn urls(&self, wanted: &mut Wanted, children: &Children<'_>, hosted: &[&Name]) {
        let mut hierarchy = Hierarchy::clone(&wanted.hierarchy);
        for name in hosted {
            if let Some(system) = hierarchy.site_systems.get_mut(*name) {
                system.placement = Some(Placement::Kubernetes);
                system.agent_url = children.agent_url(name);
            }
        }
        wanted.hierarchy = Arc::new(hierarchy);
        for name in &wanted.leaving.hosted {
            let url = self.hosting.agent_url(name, Port::ADMIN);
            wanted.leaving.agents.entry(name.clone()).or_insert(url);
        }
    }

    /// Applies an object if it is otherwise than wanted; whether it is a stateful set that has changed and
    /// does not run as it shall yet.
    async fn applied(&self, child: &Child) -> Result<bool, PlacingError> {
        let (kind, name) = (&child.kind.kind, &child.name);
        let Some(resource) = resource(&child.kind) else {
            return Err(PlacingError::NoSuchKind(kind.clone()));
        };
        if !self.owned.knows(kind) {
            // Not listed yet, or the cluster has no such objects.
            tracing::debug!(kind, name, "whether it is there is not known");
            return Ok(false);
        }
        let there = self.owned.get(&self.hosting.namespace, kind, name);
        let is_set = kind == "StatefulSet";
        if let Some(there) = &there {
            if there.pointer("/metadata/deletionTimestamp").is_some() {
                // It is made anew when it is gone: a watch will tell.
                return Ok(is_set);
            }
            if is_as_wanted(&child.object, there) {
                return Ok(is_set && !runs(there));
            }
        }
        let api: Api<DynamicObject> =
            Api::namespaced_with(self.client.clone(), &self.hosting.namespace, &resource);
        let what = || format!("{kind} `{name}` cannot be applied");
        let anew = there.as_ref().is_some_and(|it| has_to_be_made_anew(&child.object, it));
        if is_set && anew {
            let orphan = DeleteParams {
                propagation_policy: Some(PropagationPolicy::Orphan),
                ..DeleteParams::default()
            };
            let deleted = api.delete(name, &orphan).await;
            if deleted.map_err(|error| failed(what(), error))?.is_left() {
                // Its pod has to be let go first.
                tracing::info!(kind, name, "is made anew");
                return Ok(true);
            }
        }
        let patched = api.patch(name, &applying(), &Patch::Apply(&child.object)).await;
        patched.map_err(|error| failed(what(), error))?;
        tracing::info!(kind, name, "applied");
        Ok(is_set && there.is_some())
    }
}

pub(super) fn failed(what: String, error: kube::Error) -> PlacingError {
    PlacingError::Api(what, Box::new(error))
}

/// Whether a stateful set runs what it shall.
fn runs(there: &Value) -> bool {
    let number = |path: &str| there.pointer(path).and_then(Value::as_i64).unwrap_or_default();
    let wanted = number("/spec/replicas");
    // One whose status nobody has written is one that nothing runs yet: it holds nobody up.
    there.pointer("/status/observedGeneration").is_none()
        || number("/status/observedGeneration") >= number("/metadata/generation")
            && number("/status/updatedReplicas") >= wanted
            && number("/status/readyReplicas") >= wanted
}

/// Site systems by how far their sites are below the top.
fn tiers<'a>(hierarchy: &Hierarchy, hosted: &[&'a Name]) -> Vec<Vec<&'a Name>> {
    let mut tiers: BTreeMap<usize, Vec<&Name>> = BTreeMap::new();
    for name in hosted {
        let system = hierarchy.site_systems.get(*name);
        let site = system.and_then(|it| hierarchy.sites.get(&it.site));
        tiers.entry(site.map_or(0, |it| it.depth)).or_default().push(name);
    }
    tiers.into_values().collect()
}

/// The object of a site system, as the owner of what is made for it.
pub(super) fn owner(snapshot: &Snapshot, name: &Name) -> Option<Owner> {
    let key = ObjectKey { kind: Kind::SiteSystem, name: name.to_string() };
    let object = snapshot.objects.get(&key)?;
    let reference = OwnerReference {
        api_version: API_VERSION.to_owned(),
        kind: Kind::SiteSystem.to_string(),
        name: name.to_string(),
        uid: object.uid.clone(),
        controller: Some(true),
        block_owner_deletion: Some(true),
    };
    let removes_data = object.annotations.get(DELETION_POLICY).is_some_and(|it| it == "Delete");
    Some(Owner { reference, removes_data })
}
