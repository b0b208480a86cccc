//! Whether an operator works in a namespace: seen from outside, by what it writes there.

use std::time::Duration;

use jiff::Timestamp;
use k8s_openapi::api::coordination::v1::{Lease, LeaseSpec};
use kube::{Api, Client, ResourceExt};
use tokio::time::{Instant, sleep};

use super::asking::{AskError, Asked, observed, told};
use crate::{clock, model::Kind, view::ReadinessCheck};

/// The names that a lease has where nobody says another one: that of the chart, in a release of its own
/// name, and that of `headwater operator`.
const LEASES: [&str; 2] = ["headwater", "headwater-operator"];
/// How often it is looked again.
const AGAIN: Duration = Duration::from_secs(1);
/// How long a lease counts that does not say so itself.
const LEASE: i32 = 15;

/// Which operator shall work, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OperatorOf {
    /// The namespace of the objects.
    pub namespace: String,
    /// The labels of the objects, if it looks after some of them only.
    pub selector: Option<String>,
    /// The name of its lease, if it is known.
    pub lease: Option<String>,
    /// The namespace of its lease: its own.
    pub own_namespace: String,
}

/// Looks until an operator works in a namespace, or for so long; what was seen last.
///
/// # Errors
///
/// The cluster cannot be asked.
pub async fn readiness(
    client: &Client,
    of: &OperatorOf,
    longest: Duration,
) -> Result<Vec<ReadinessCheck>, AskError> {
    let last = Instant::now() + longest;
    let mut watched = WatchedLease::default();
    loop {
        let seen = look(client, of, &mut watched).await;
        let ready = seen.as_ref().is_ok_and(|checks| checks.iter().all(|it| it.ready));
        if ready || Instant::now() >= last {
            return seen;
        }
        sleep(AGAIN).await;
    }
}

async fn look(
    client: &Client,
    of: &OperatorOf,
    watched: &mut WatchedLease,
) -> Result<Vec<ReadinessCheck>, AskError> {
    let OperatorOf { namespace, selector, .. } = of;
    let asked = Asked::new(client.clone(), namespace.clone());
    let (mut all, mut behind) = (0_usize, Vec::new());
    for kind in Kind::ALL {
        for object in asked.list(kind, selector.as_deref()).await? {
            all += 1;
            if !observed(&object) {
                behind.push(format!("{kind}/{}", object.name_any()));
            }
        }
    }
    let defined = ReadinessCheck {
        check: "Definitions",
        ready: true,
        message: format!("the cluster knows all {} kinds", Kind::ALL.len()),
    };
    let message = match (all, behind.split_first()) {
        (0, _) => format!("there are no objects for it in namespace {namespace} yet"),
        (_, None) => format!("the operator has looked at all {all} objects as they are now"),
        (_, Some((first, others))) => {
            let seen = all - behind.len();
            let more = match others.len() {
                0 => String::new(),
                more => format!(" and {more} more"),
            };
            format!("the operator has looked at {seen} of {all} objects, not yet at {first}{more}")
        }
    };
    let objects = ReadinessCheck { check: "Objects", ready: behind.is_empty(), message };
    Ok(vec![defined, watched.look(client, of).await?, objects])
}

/// A lease, looked at several times: the clock here need not be that of the operator.
#[derive(Debug, Default)]
struct WatchedLease {
    looked: bool,
    /// When it had been renewed when it was first looked at.
    first: Option<Timestamp>,
}

impl WatchedLease {
    async fn look(&mut self, client: &Client, of: &OperatorOf) -> Result<ReadinessCheck, AskError> {
        let api: Api<Lease> = Api::namespaced(client.clone(), &of.own_namespace);
        let names: Vec<&str> = match &of.lease {
            Some(name) => vec![name.as_str()],
            None => LEASES.to_vec(),
        };
        for name in &names {
            let found = api.get_opt(name).await;
            let found = found.map_err(|error| told(error, "Lease", &of.own_namespace))?;
            if let Some(spec) = found.and_then(|it| it.spec) {
                let (ready, message) = self.judge(&spec, clock::now());
                let message = format!("the lease {name} {message}");
                return Ok(ReadinessCheck { check: "Operator", ready, message });
            }
        }
        let message = format!(
            "there is no lease {} in namespace {}: no operator has run there",
            names.join(" or "),
            of.own_namespace
        );
        Ok(ReadinessCheck { check: "Operator", ready: false, message })
    }

    /// Whether somebody holds it: it was renewed not long ago, or since it was first looked at.
    fn judge(&mut self, spec: &LeaseSpec, now: Timestamp) -> (bool, String) {
        let holder = spec.holder_identity.clone().filter(|it| !it.is_empty());
        let renewed = spec.renew_time.as_ref().map(|it| it.0);
        if !std::mem::replace(&mut self.looked, true) {
            self.first = renewed;
        }
        let since = self.first != renewed;
        let Some(holder) = holder else {
            return (false, "is held by nobody".to_owned());
        };
        let counts = i64::from(spec.lease_duration_seconds.unwrap_or(LEASE));
        let age = renewed.map(|it| now.duration_since(it).as_secs());
        match age {
            Some(age) if since || (0..=counts).contains(&age) => {
                (true, format!("is held by {holder}"))
            }
            Some(age) => {
                (false, format!("was renewed by {holder} {age} seconds ago, and not since"))
            }
            None => (false, format!("was never renewed by {holder}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use k8s_openapi::apimachinery::pkg::apis::meta::v1::MicroTime;

    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + second).unwrap()
    }

    fn lease(holder: Option<&str>, renewed: Option<i64>) -> LeaseSpec {
        LeaseSpec {
            holder_identity: holder.map(str::to_owned),
            lease_duration_seconds: Some(15),
            renew_time: renewed.map(|it| MicroTime(at(it))),
            ..LeaseSpec::default()
        }
    }

    #[test]
    fn a_lease_counts_while_it_is_renewed_whatever_the_clocks_say() {
        let mut watched = WatchedLease::default();
        assert!(watched.judge(&lease(Some("a"), Some(0)), at(15)).0);
        let mut watched = WatchedLease::default();
        let late = watched.judge(&lease(Some("a"), Some(0)), at(16));
        assert_eq!(late, (false, "was renewed by a 16 seconds ago, and not since".to_owned()));
        // It is renewed by a clock that is a minute behind.
        assert!(watched.judge(&lease(Some("a"), Some(5)), at(65)).0);
        let mut watched = WatchedLease::default();
        assert!(!watched.judge(&lease(Some("a"), Some(60)), at(0)).0, "a clock that is ahead");
        assert!(watched.judge(&lease(Some("a"), Some(65)), at(5)).0);
        for nobody in [lease(None, Some(0)), lease(Some(""), Some(0)), lease(Some("a"), None)] {
            assert!(!WatchedLease::default().judge(&nobody, at(0)).0, "{nobody:?}");
        }
    }
}
