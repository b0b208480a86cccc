//! Site systems that run in the cluster: their objects are applied, those of sites above first, and their
//! agents join by tokens that only they can read.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, PoisonError},
};

use jiff::SignedDuration;
use k8s_openapi::{
    ByteString, api::core::v1::Secret, apimachinery::pkg::apis::meta::v1::OwnerReference,
};
use kube::{
    Api, Client,
    api::{DeleteParams, ObjectMeta, Patch, PatchParams, PropagationPolicy},
    core::DynamicObject,
};
use serde_json::Value;

use super::{
    children::{
        Child, Children, Hosting, Owner, has_to_be_made_anew, is_as_wanted, join_secret,
        object_name,
    },
    objects::{ObjectKey, Snapshot},
    owned::{Owned, resource},
    sharing::FIELD_MANAGER,
    wanted::Wanted,
};
use crate::{
    clock,
    error_text::with_causes,
    model::{API_VERSION, DELETION_POLICY, Hierarchy, Kind, Name, Placement},
    net::{Registry, RegistryError},
    role::controller::Controller,
};

/// How long a token waits for an agent: an image may have to be pulled over a slow line.
const TOKEN: SignedDuration = SignedDuration::from_hours(24);

/// A site system cannot be placed.
#[derive(Debug, thiserror::Error)]
pub(super) enum PlacingError {
    /// The API server.
    #[error("{0}")]
    Api(String, #[source] Box<kube::Error>),
    /// What is known of agents.
    #[error(transparent)]
    Registry(#[from] RegistryError),
    /// The API server has no such objects.
    #[error("this cluster knows no {0}")]
    NoSuchKind(String),
}

/// Places site systems in one namespace.
pub(super) struct Placing {
    pub(super) client: Client,
    pub(super) hosting: Hosting,
    pub(super) owned: Owned,
    /// Those whose token is known to be gone.
    pub(super) without_token: Mutex<BTreeSet<Name>>,
}

impl Placing {
    /// Applies what differs, and says in the hierarchy where the agents are.
    ///
    /// # Errors
    ///
    /// Something cannot be applied: the rest is done by the next pass.
    pub(super) async fn place(
        &self,
        wanted: &mut Wanted,
        snapshot: &Snapshot,
        controller: &Controller,
    ) -> Result<(), PlacingError> {
        let hierarchy = wanted.hierarchy.clone();
        let children = Children::of(&hierarchy, &self.hosting);
        let hosted: Vec<&Name> = children.hosted().collect();
        controller.session().addresses().set_names(children.service_names());
        self.urls(wanted, &children, &hosted);
        if hosted.is_empty() {
            return Ok(());
        }
        self.tokens(&hosted, snapshot, controller.session().data().agents()).await?;
        for tier in tiers(&hierarchy, &hosted) {
            let mut rolling = false;
            for name in tier {
                let Some(owner) = owner(snapshot, name) else { continue };
                for child in children.wanted(name, &owner) {
                    rolling |= self.applied(&child).await?;
                }
            }
            // Those below wait until the site above them runs as it shall.
            if rolling {
                break;
            }
        }
        Ok(())
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
            let Hosting { namespace, cluster_domain, .. } = &self.hosting;
            let url = format!(
                "https://{}-agent.{namespace}.svc.{cluster_domain}:8550",
                object_name(name)
            );
            wanted.leaving.agents.entry(name.clone()).or_insert(url);
        }
    }

    /// Gives those a token that have not joined, and takes it away from those that have.
    async fn tokens(
        &self,
        hosted: &[&Name],
        snapshot: &Snapshot,
        registry: &Registry,
    ) -> Result<(), PlacingError> {
        let now = clock::now();
        let known: BTreeMap<Name, _> =
            registry.agents()?.into_iter().map(|it| (it.name.clone(), it)).collect();
        for name in hosted {
            let agent = known.get(*name);
            let joined = agent.is_some_and(|it| it.joined.is_some() && it.revoked.is_none());
            if joined {
                self.forget_token(name).await?;
                continue;
            }
            let waits = agent.and_then(|it| it.token_ends).is_some_and(|ends| ends > now);
            if let (false, Some(owner)) = (waits, owner(snapshot, name)) {
                let token = registry.make_token(name, TOKEN, now).await?;
                self.put_token(name, &token.to_text(), owner.reference).await?;
            }
        }
        Ok(())
    }

    fn secrets(&self) -> Api<Secret> {
        Api::namespaced(self.client.clone(), &self.hosting.namespace)
    }

    async fn put_token(
        &self,
        name: &Name,
        token: &str,
        owner: OwnerReference,
    ) -> Result<(), PlacingError> {
        let secret = Secret {
            metadata: ObjectMeta {
                name: Some(join_secret(name)),
                owner_references: Some(vec![owner]),
                ..ObjectMeta::default()
            },
            data: Some(BTreeMap::from([(
                "token".to_owned(),
                ByteString(token.as_bytes().to_vec()),
            )])),
            ..Secret::default()
        };
        let apply = PatchParams::apply(FIELD_MANAGER).force();
        let put = self.secrets().patch(&join_secret(name), &apply, &Patch::Apply(&secret)).await;
        put.map_err(|error| failed(format!("the token of `{name}`"), error))?;
        self.gone().remove(name);
        Ok(())
    }

    async fn forget_token(&self, name: &Name) -> Result<(), PlacingError> {
        if self.gone().contains(name) {
            return Ok(());
        }
        let deleted = self.secrets().delete(&join_secret(name), &DeleteParams::default()).await;
        match deleted {
            Ok(_) => {}
            Err(kube::Error::Api(why)) if why.is_not_found() => {}
            Err(error) => return Err(failed(format!("the used token of `{name}`"), error)),
        }
        self.gone().insert(name.clone());
        Ok(())
    }

    fn gone(&self) -> std::sync::MutexGuard<'_, BTreeSet<Name>> {
        self.without_token.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Applies an object if it is otherwise than wanted; whether it is a stateful set that has changed and
    /// does not run as it shall yet.
    async fn applied(&self, child: &Child) -> Result<bool, PlacingError> {
        let (kind, name) = (&child.kind.kind, &child.name);
        let Some(resource) = resource(&child.kind) else {
            return Err(PlacingError::NoSuchKind(kind.clone()));
        };
        if !self.owned.knows(kind) {
            tracing::debug!(kind, name, "whether it is there is not known yet");
            return Ok(false);
        }
        let there = self.owned.get(&self.hosting.namespace, kind, name);
        if let Some(there) = &there
            && is_as_wanted(&child.object, there)
        {
            return Ok(kind == "StatefulSet" && !runs(there));
        }
        let api: Api<DynamicObject> =
            Api::namespaced_with(self.client.clone(), &self.hosting.namespace, &resource);
        let what = || format!("{kind} `{name}`");
        let anew = there.as_ref().is_some_and(|it| has_to_be_made_anew(&child.object, it));
        if kind == "StatefulSet" && anew {
            let orphan = DeleteParams {
                propagation_policy: Some(PropagationPolicy::Orphan),
                ..DeleteParams::default()
            };
            api.delete(name, &orphan).await.map_err(|error| failed(what(), error))?;
        }
        let apply = PatchParams::apply(FIELD_MANAGER).force();
        let patched = api.patch(name, &apply, &Patch::Apply(&child.object)).await;
        patched.map_err(|error| failed(what(), error))?;
        tracing::info!(kind, name, "applied");
        Ok(kind == "StatefulSet" && there.is_some())
    }
}

fn failed(what: String, error: kube::Error) -> PlacingError {
    PlacingError::Api(format!("{what} cannot be applied: {}", with_causes(&error)), Box::new(error))
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
fn owner(snapshot: &Snapshot, name: &Name) -> Option<Owner> {
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
