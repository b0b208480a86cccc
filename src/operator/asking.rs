//! What people have an operator do, and how they see it: by what they write at objects, and read there.

use std::time::Duration;

use jiff::Timestamp;
use k8s_openapi::api::core::v1::Namespace;
use kube::{
    Api, Client, ResourceExt,
    api::{ListParams, Patch, PatchParams},
    core::DynamicObject,
    runtime::wait::await_condition,
};
use serde_json::{Value, json};
use tokio::time::timeout;

use super::{
    PLAN_NAME, Subject,
    kinds::api_resource,
    objects::{APPROVE, ObjectKey},
    status::{PlanStatus, ResourceStatus},
};
use crate::model::{Digest, Kind, SUSPEND, SYNC_REQUESTED_AT};

/// Who writes at objects for people.
const FIELD_MANAGER: &str = "kubectl-headwater";

/// A cluster does not do what it is asked.
#[derive(Debug, thiserror::Error)]
pub enum AskError {
    /// It does not know the kinds.
    #[error(
        "the cluster does not know Headwater's kinds: `headwater crd | kubectl apply --server-side -f -` \
         defines them"
    )]
    NotDefined,
    /// The object is not there.
    #[error("there is no {0} in namespace `{1}`")]
    NotThere(String, String),
    /// Whoever asks may not.
    #[error("you may not do that in namespace `{0}`: {1}")]
    Forbidden(String, String),
    /// Synchronization begins at the top.
    #[error(
        "site {0} is below {1}: a synchronization starts at the top, and the sites below follow (SYNC-2)"
    )]
    Below(String, String),
    /// There is nothing to synchronize.
    #[error("site {0} has no active software update point in namespace `{1}`")]
    NoActivePoint(String, String),
    /// Its source is none that is asked.
    #[error(
        "site {0} {1}: there is nothing to synchronize by hand; `headwater import`, or another file in the \
         manifests, brings updates"
    )]
    NotByHand(String, &'static str),
    /// It takes longer than somebody wants to wait.
    #[error("{0} after {1}: it goes on, and `kubectl headwater status` says how it stands")]
    TooLong(&'static str, String),
    /// The API server cannot be asked.
    #[error("the API server does not answer as it should")]
    Api(#[source] Box<kube::Error>),
    /// It cannot be watched.
    #[error("{0} cannot be watched")]
    Watch(String, #[source] Box<kube::runtime::wait::Error>),
}

/// What went wrong with what is called `what`.
pub(super) fn told(error: kube::Error, what: &str, namespace: &str) -> AskError {
    match &error {
        // Of a path that it does not know it says no more than the number.
        kube::Error::Api(answer) if answer.code == 404 => {
            // Of an object that is not there it names the object.
            if answer.details.as_ref().is_some_and(|it| !it.name.is_empty()) {
                AskError::NotThere(what.to_owned(), namespace.to_owned())
            } else {
                AskError::NotDefined
            }
        }
        kube::Error::Api(answer) if answer.is_forbidden() => {
            AskError::Forbidden(namespace.to_owned(), answer.message.clone())
        }
        _ => AskError::Api(Box::new(error)),
    }
}

/// One namespace, as people ask for what is in it.
#[derive(Clone)]
pub struct Asked {
    client: Client,
    namespace: String,
}

impl Asked {
    /// This one.
    pub fn new(client: Client, namespace: String) -> Self {
        Self { client, namespace }
    }

    fn api(&self, subject: Subject) -> Api<DynamicObject> {
        Api::namespaced_with(self.client.clone(), &self.namespace, &api_resource(subject))
    }

    /// What the operator says of what there is to do; none before it has said something.
    ///
    /// # Errors
    ///
    /// It cannot be asked.
    pub async fn plan(&self) -> Result<Option<PlanStatus>, AskError> {
        let plan = self.api(Subject::Plan).get_opt(PLAN_NAME).await;
        let mut plan = plan.map_err(|error| told(error, "plan", &self.namespace))?;
        let status = plan.as_mut().and_then(|it| Some(it.data.get_mut("status")?.take()));
        Ok(status.and_then(|it| serde_json::from_value(it).ok()))
    }

    /// Approves what would be done by a plan with this digest.
    ///
    /// # Errors
    ///
    /// It cannot be written.
    pub async fn approve(&self, digest: Digest) -> Result<(), AskError> {
        self.annotate(Subject::Plan, PLAN_NAME, APPROVE, Some(&digest.to_string())).await
    }

    /// Has nothing done to an object, or lets it be done again.
    ///
    /// # Errors
    ///
    /// It cannot be written.
    pub async fn suspend(&self, object: &ObjectKey, suspended: bool) -> Result<(), AskError> {
        let value = suspended.then_some("true");
        self.annotate(Subject::Kind(object.kind), &object.name, SUSPEND, value).await
    }

    /// Asks for a synchronization of a site at the top, by its code or name; gives the software update
    /// point that runs it, and the request.
    ///
    /// # Errors
    ///
    /// It is not at the top, has no active point, or that cannot be written.
    pub async fn synchronize(
        &self,
        site: &str,
        now: Timestamp,
    ) -> Result<(String, String), AskError> {
        let text = |object: &DynamicObject, field: &str| {
            object.data["spec"][field].as_str().unwrap_or_default().to_owned()
        };
        let sites = self.list(Kind::Site, None).await?;
        let meant = |it: &&DynamicObject| it.name_any() == site || text(it, "siteCode") == site;
        let declared = sites
            .iter()
            .find(meant)
            .ok_or_else(|| AskError::NotThere(format!("site `{site}`"), self.namespace.clone()))?;
        // Such a request would make the whole hierarchy one that is not valid.
        let parent = text(declared, "parent");
        if !parent.is_empty() {
            return Err(AskError::Below(site.to_owned(), parent));
        }
        let name = declared.name_any();
        let points = self.list(Kind::SoftwareUpdatePoint, None).await?;
        let active =
            points.iter().find(|it| text(it, "site") == name && text(it, "role") == "Active");
        let none = || AskError::NoActivePoint(site.to_owned(), self.namespace.clone());
        let active = active.ok_or_else(none)?;
        match active.data["spec"]["source"]["type"].as_str() {
            Some("Import") => {
                return Err(AskError::NotByHand(site.to_owned(), "takes an export file in"));
            }
            Some("None") => return Err(AskError::NotByHand(site.to_owned(), "has no source")),
            _ => {}
        }
        let point = active.name_any();
        let request = now.to_string();
        let subject = Subject::Kind(Kind::SoftwareUpdatePoint);
        self.annotate(subject, &point, SYNC_REQUESTED_AT, Some(&request)).await?;
        Ok((point, request))
    }

    /// The codes of the sites at the top.
    ///
    /// # Errors
    ///
    /// The cluster cannot be asked.
    pub async fn sites_at_the_top(&self) -> Result<Vec<String>, AskError> {
        let sites = self.list(Kind::Site, None).await?;
        let top = sites.iter().filter(|it| it.data["spec"]["parent"].is_null());
        Ok(top.filter_map(|it| Some(it.data["spec"]["siteCode"].as_str()?.to_owned())).collect())
    }

    /// Waits until a request to synchronize was dealt with.
    ///
    /// # Errors
    ///
    /// It takes longer, or nobody can see.
    pub async fn until_synchronized(
        &self,
        point: &str,
        request: &str,
        longest: Duration,
    ) -> Result<(), AskError> {
        let handled = |object: Option<&DynamicObject>| {
            let status = object.and_then(|it| it.data.get("status"));
            status.is_some_and(|it| it["handledSyncRequest"] == request)
        };
        let api = self.api(Subject::Kind(Kind::SoftwareUpdatePoint));
        match timeout(longest, await_condition(api, point, handled)).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) => Err(AskError::Watch(point.to_owned(), Box::new(error))),
            Err(_) => Err(AskError::TooLong("it is not synchronized", format!("{longest:?}"))),
        }
    }

    /// The objects of a kind, or of them those with these labels.
    pub(super) async fn list(
        &self,
        kind: Kind,
        labels: Option<&str>,
    ) -> Result<Vec<DynamicObject>, AskError> {
        let mut wanted = ListParams::default();
        if let Some(labels) = labels {
            wanted = wanted.labels(labels);
        }
        let list = self.api(Subject::Kind(kind)).list(&wanted).await;
        let list = list.map_err(|error| told(error, kind.as_str(), &self.namespace))?;
        Ok(list.items)
    }

    async fn annotate(
        &self,
        subject: Subject,
        name: &str,
        annotation: &str,
        value: Option<&str>,
    ) -> Result<(), AskError> {
        let mut annotations = serde_json::Map::new();
        annotations.insert(annotation.to_owned(), value.map_or(Value::Null, Value::from));
        let patch = Patch::Merge(json!({"metadata": {"annotations": annotations}}));
        let field_manager = Some(FIELD_MANAGER.to_owned());
        let params = PatchParams { field_manager, ..PatchParams::default() };
        let patched = self.api(subject).patch_metadata(name, &params, &patch).await;
        let what = format!("{} `{name}`", subject.as_str());
        patched.map_err(|error| told(error, &what, &self.namespace))?;
        Ok(())
    }
}

/// The namespaces of a cluster, for those who may see them.
///
/// # Errors
///
/// They may not, or it cannot be asked.
pub async fn namespaces(client: &Client) -> Result<Vec<String>, AskError> {
    let list = Api::<Namespace>::all(client.clone()).list_metadata(&ListParams::default()).await;
    let list = list.map_err(|error| told(error, "namespace", "*"))?;
    Ok(list.items.iter().map(ResourceExt::name_any).collect())
}

/// How far an operator is with an object, as it says itself.
pub(super) fn observed(object: &DynamicObject) -> bool {
    let status = object.data.get("status").cloned().unwrap_or_default();
    let status: ResourceStatus = serde_json::from_value(status).unwrap_or_default();
    status.observed_generation.is_some() && status.observed_generation == object.metadata.generation
}
