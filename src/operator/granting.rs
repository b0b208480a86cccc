//! Certificates in secrets that roles name, by the authority of the hierarchy: made where there is none, and
//! made anew long before they end. A secret that somebody else has made is left alone.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Mutex, MutexGuard, PoisonError},
};

use jiff::{SignedDuration, Timestamp};
use k8s_openapi::{ByteString, api::core::v1::Secret};
use kube::{
    Api, Client,
    api::{DeleteParams, Patch, Preconditions},
};
use serde_json::Value;

use super::{
    children::{WantedSecret, is_as_wanted, is_made_for_a_site_system},
    placing::{PlacingError, failed},
    writing::{changing, creating},
};
use crate::{
    clock,
    net::{Certificates, IssuedText},
};

/// How long a secret is not looked at again: they cannot be watched without being listed.
const LOOKED_AT: SignedDuration = SignedDuration::from_hours(1);

/// The certificates of a namespace.
pub(super) struct Granted {
    api: Api<Secret>,
    seen: Mutex<BTreeMap<String, Seen>>,
}

/// A secret as it was seen last.
struct Seen {
    wanted: WantedSecret,
    again: Timestamp,
}

impl Granted {
    pub(super) fn new(client: Client, namespace: &str) -> Self {
        Self { api: Api::namespaced(client, namespace), seen: Mutex::default() }
    }

    /// Fills a secret.
    pub(super) async fn grant(
        &self,
        wanted: &WantedSecret,
        certificates: &Certificates,
    ) -> Result<(), PlacingError> {
        let (name, now) = (&wanted.child.name, clock::now());
        let is_seen = |it: &Seen| it.wanted == *wanted && it.again > now;
        if self.seen().get(name).is_some_and(is_seen) {
            return Ok(());
        }
        let cannot = |error| failed(format!("the certificate in Secret `{name}`"), error);
        let there = self.api.get_opt(name).await.map_err(cannot)?;
        match next_step(wanted, there.as_ref(), &certificates.authority_text(), now) {
            Step::Nothing => {}
            Step::Make => {
                let secret = filled(wanted, certificates, now)?;
                self.api.create(&creating(), &secret).await.map_err(cannot)?;
                tracing::info!(secret = name, "a certificate is issued");
            }
            Step::MakeAnew(version) => {
                let mut secret = filled(wanted, certificates, now)?;
                secret.metadata.resource_version = Some(version);
                self.api.patch(name, &changing(), &Patch::Merge(&secret)).await.map_err(cannot)?;
                tracing::info!(secret = name, "another certificate is issued");
            }
        }
        let again = now.saturating_add(LOOKED_AT).unwrap_or(now);
        self.seen().insert(name.clone(), Seen { wanted: wanted.clone(), again });
        Ok(())
    }

    /// Deletes what no role names any more. What an operator before has made goes with its site system.
    pub(super) async fn forget_others(
        &self,
        wanted: &BTreeSet<String>,
    ) -> Result<(), PlacingError> {
        let left: Vec<String> =
            self.seen().keys().filter(|name| !wanted.contains(*name)).cloned().collect();
        for name in left {
            let cannot = |error| {
                failed(format!("Secret `{name}`, which no role names any more, stays"), error)
            };
            let there = self.api.get_opt(&name).await.map_err(cannot)?;
            if let Some(there) = there.filter(is_ours) {
                let this_one = Preconditions {
                    uid: there.metadata.uid,
                    resource_version: there.metadata.resource_version,
                };
                let delete =
                    DeleteParams { preconditions: Some(this_one), ..DeleteParams::default() };
                self.api.delete(&name, &delete).await.map_err(cannot)?;
                tracing::info!(secret = name, "wanted no longer");
            }
            self.seen().remove(&name);
        }
        Ok(())
    }

    fn seen(&self) -> MutexGuard<'_, BTreeMap<String, Seen>> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What has to be done about a secret.
#[derive(Debug, PartialEq, Eq)]
enum Step {
    Nothing,
    Make,
    /// In place of this version.
    MakeAnew(String),
}

fn next_step(
    wanted: &WantedSecret,
    there: Option<&Secret>,
    authority: &str,
    now: Timestamp,
) -> Step {
    let Some(there) = there else { return Step::Make };
    if !is_ours(there) {
        return Step::Nothing;
    }
    let text = |key: &str| {
        let value = there.data.as_ref().and_then(|it| it.get(key));
        value.map(|it| String::from_utf8_lossy(&it.0).into_owned()).unwrap_or_default()
    };
    let inside = IssuedText { certificate: text("tls.crt"), key: text("tls.key") };
    let is_good = is_as_wanted(&wanted.child.object, &as_value(there))
        && text("ca.crt") == authority
        && inside.is_good(&wanted.names, now);
    match &there.metadata.resource_version {
        Some(version) if !is_good => Step::MakeAnew(version.clone()),
        _ => Step::Nothing,
    }
}

fn is_ours(secret: &Secret) -> bool {
    is_made_for_a_site_system(&as_value(secret))
}

/// As it is sent, with its kind.
fn as_value(secret: &Secret) -> Value {
    serde_json::to_value(secret).unwrap_or_default()
}

fn filled(
    wanted: &WantedSecret,
    certificates: &Certificates,
    now: Timestamp,
) -> Result<Secret, PlacingError> {
    let IssuedText { certificate, key } = certificates.issue_text(&wanted.names, now)?;
    let data =
        [("tls.crt", certificate), ("tls.key", key), ("ca.crt", certificates.authority_text())];
    let data = data.map(|(key, it)| (key.to_owned(), ByteString(it.into_bytes())));
    let mut secret: Secret =
        serde_json::from_value(wanted.child.object.clone()).unwrap_or_default();
    secret.data = Some(data.into());
    Ok(secret)
}

#[cfg(test)]
mod tests {
    use kube::core::GroupVersionKind;
    use serde_json::json;

    use super::*;
    use crate::operator::children::Child;

    fn wanted(names: &[&str]) -> WantedSecret {
        let object = json!({
            "apiVersion": "v1",
            "kind": "Secret",
            "type": "kubernetes.io/tls",
            "metadata": {
                "name": "content",
                "labels": {
                    "app.kubernetes.io/managed-by": "headwater",
                    "app.kubernetes.io/component": "site-system",
                },
                "annotations": {"headwater.dev/applied": "sha256:0"},
            },
        });
        let kind = GroupVersionKind::gvk("", "v1", "Secret");
        let child = Child { kind, name: "content".to_owned(), object };
        WantedSecret { child, names: names.iter().map(|it| (*it).to_owned()).collect() }
    }

    #[test]
    fn certificates_are_made_anew_in_time_and_only_in_secrets_that_are_ours() {
        let directory = tempfile::tempdir().unwrap();
        let now = clock::now();
        let certificates = Certificates::open(directory.path(), None, now).unwrap();
        let authority = certificates.authority_text();
        let wanted_now = wanted(&["server.contoso.example", "127.77.0.1"]);
        assert_eq!(next_step(&wanted_now, None, &authority, now), Step::Make);
        let mut made = filled(&wanted_now, &certificates, now).unwrap();
        made.metadata.resource_version = Some("7".to_owned());
        let step = |wanted: &WantedSecret, secret: &Secret, days: i64| {
            let later = now + SignedDuration::from_hours(days * 24);
            next_step(wanted, Some(secret), &authority, later)
        };
        assert_eq!(step(&wanted_now, &made, 0), Step::Nothing);
        assert_eq!(step(&wanted_now, &made, 300), Step::Nothing);
        let anew = || Step::MakeAnew("7".to_owned());
        assert_eq!(step(&wanted_now, &made, 310), anew(), "90 days are left");
        assert_eq!(step(&wanted(&["server.contoso.example"]), &made, 0), anew(), "another name");
        let mut other = wanted_now.clone();
        other.child.object["metadata"]["annotations"]["headwater.dev/applied"] = json!("sha256:1");
        assert_eq!(step(&other, &made, 0), anew(), "another owner");
        let mut damaged = made.clone();
        damaged.data.as_mut().unwrap().remove("tls.key");
        assert_eq!(step(&wanted_now, &damaged, 0), anew());
        let of_another = next_step(&wanted_now, Some(&made), "another authority", now);
        assert_eq!(of_another, anew());
        // Whoever has made one by hand knows why.
        made.metadata.labels = None;
        assert_eq!(step(&wanted(&["other"]), &made, 400), Step::Nothing);
    }
}
