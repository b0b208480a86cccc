//! One operator at a time works: the one that holds the lease.
//!
//! Who holds it writes so again and again, and takes itself for the holder only as long as it could, by its
//! own clock: also while nobody answers. Others take it once they have seen for its whole length that
//! nobody has written, by their clocks, and by a write that is refused if somebody has meanwhile. So two
//! never hold it at the same time, however much their clocks differ.

use std::time::Duration;

use k8s_openapi::{
    api::coordination::v1::{Lease, LeaseSpec},
    apimachinery::pkg::apis::meta::v1::MicroTime,
};
use kube::{
    Api, Client,
    api::{ObjectMeta, Patch},
};
use serde_json::json;
use tokio::{
    sync::watch,
    time::{Instant, sleep_until, timeout_at},
};
use tokio_util::sync::CancellationToken;

use super::{
    running::LeaseSettings,
    telling::is_namespace_going,
    writing::{changing, creating},
};
use crate::{chance::dice, clock, error_text::with_causes};

/// How long a lease counts after it was seen renewed last.
const LENGTH: Duration = Duration::from_secs(15);
/// How long its holder works without renewing it. What is left until others take it is for ending.
const ALONE: Duration = Duration::from_secs(10);
/// How often its holder renews it.
const RENEWED: Duration = Duration::from_secs(5);
/// How soon it is tried again, by who waits for it and by who could not renew it; up to half as much later.
const AGAIN: Duration = Duration::from_secs(2);
/// How long an answer may take.
const ANSWER: Duration = Duration::from_secs(5);

/// Holds a lease, or waits for it.
pub(super) struct Leasing {
    api: Api<Lease>,
    name: String,
    identity: String,
    held: watch::Sender<bool>,
    seen: Option<Seen>,
}

/// A lease as it was seen last.
#[derive(Debug, Clone, PartialEq)]
struct Seen {
    version: String,
    spec: LeaseSpec,
    /// Since when it says this, by the clock of who has seen it.
    since: Instant,
}

impl Seen {
    /// What is seen now: what has not changed since is as old as before.
    fn of(lease: Lease, before: Option<&Self>, now: Instant) -> Self {
        let spec = lease.spec.unwrap_or_default();
        let same = before.filter(|it| it.spec == spec);
        Self {
            version: lease.metadata.resource_version.unwrap_or_default(),
            spec,
            since: same.map_or(now, |it| it.since),
        }
    }

    /// Whether somebody of this identity may hold it from now on.
    fn is_free_for(&self, identity: &str, now: Instant) -> bool {
        let holder = self.spec.holder_identity.as_deref().unwrap_or_default();
        let length = self.spec.lease_duration_seconds.and_then(|it| u64::try_from(it).ok());
        let length = length.map_or(LENGTH, Duration::from_secs);
        holder.is_empty() || holder == identity || now.duration_since(self.since) > length
    }

    /// What it says when somebody of this identity holds it.
    fn held_by(&self, identity: &str) -> LeaseSpec {
        let now = Some(MicroTime(clock::now()));
        let goes_on = self.spec.holder_identity.as_deref() == Some(identity);
        let transitions = self.spec.lease_transitions.unwrap_or_default();
        LeaseSpec {
            holder_identity: Some(identity.to_owned()),
            lease_duration_seconds: i32::try_from(LENGTH.as_secs()).ok(),
            acquire_time: if goes_on { self.spec.acquire_time.clone() } else { now.clone() },
            renew_time: now,
            lease_transitions: Some(transitions + i32::from(!goes_on)),
            ..LeaseSpec::default()
        }
    }
}

impl Leasing {
    /// A lease, and who hears whether it is held.
    pub(super) fn new(
        client: Client,
        lease: &LeaseSettings,
        identity: String,
    ) -> (Self, watch::Receiver<bool>) {
        let (held, hears) = watch::channel(false);
        let api = Api::namespaced(client, &lease.namespace);
        (Self { api, name: lease.name.clone(), identity, held, seen: None }, hears)
    }

    /// Holds the lease whenever that can be, and lets it go in the end.
    ///
    /// # Errors
    ///
    /// The API server refuses to be asked, the very first time.
    pub(super) async fn keep(mut self, ending: CancellationToken) -> Result<(), kube::Error> {
        // Until when it is held, by this clock.
        let mut until: Option<Instant> = None;
        let (mut answered, mut told) = (false, false);
        loop {
            let began = Instant::now();
            if until.is_some_and(|it| it <= began) {
                until = None;
            }
            self.tell(until.is_some());
            let last = until.map_or(began + ANSWER, |it| it.min(began + ANSWER));
            let turn = tokio::select! {
                () = ending.cancelled() => break,
                turn = timeout_at(last, self.turn(until.is_some())) => turn,
            };
            let pause = match turn {
                Ok(Ok(true)) => {
                    until = Some(began + ALONE);
                    (answered, told) = (true, false);
                    RENEWED
                }
                Ok(Ok(false)) => {
                    until = None;
                    (answered, told) = (true, false);
                    AGAIN.mul_f64(1.0 + dice() / 2.0)
                }
                Ok(Err(error)) if !answered && is_refusal(&error) => return Err(error),
                failed => {
                    if !told {
                        let why = failed.map_or_else(
                            |_| "nobody answers".to_owned(),
                            |it| it.err().as_ref().map(|it| with_causes(it)).unwrap_or_default(),
                        );
                        tracing::warn!(
                            lease = self.name,
                            why,
                            "the lease cannot be had: it is tried again"
                        );
                        told = true;
                    }
                    AGAIN
                }
            };
            self.tell(until.is_some());
            let next = Instant::now() + pause;
            tokio::select! {
                () = ending.cancelled() => break,
                () = sleep_until(until.map_or(next, |it| it.min(next))) => {}
            }
        }
        if until.is_some() {
            self.let_go().await;
        }
        self.tell(false);
        Ok(())
    }

    fn tell(&self, holds: bool) {
        self.held.send_if_modified(|held| std::mem::replace(held, holds) != holds);
    }

    /// Takes or renews the lease, if that can be; whether it is held now.
    async fn turn(&mut self, held: bool) -> Result<bool, kube::Error> {
        // Nobody else writes it as a rule: then it need not be read.
        if held
            && let Some(seen) = self.seen.clone()
            && self.write(&seen).await?
        {
            return Ok(true);
        }
        let Some(lease) = self.api.get_opt(&self.name).await? else {
            return self.make(held).await;
        };
        let now = Instant::now();
        let seen = Seen::of(lease, self.seen.as_ref(), now);
        self.seen = Some(seen.clone());
        Ok(seen.is_free_for(&self.identity, now) && self.write(&seen).await?)
    }

    /// Writes that it is held; false if somebody has written meanwhile.
    async fn write(&mut self, seen: &Seen) -> Result<bool, kube::Error> {
        let spec = seen.held_by(&self.identity);
        let written = self.patch(&seen.version, json!(spec)).await?;
        let Some(lease) = written else { return Ok(false) };
        self.seen = Some(Seen::of(lease, Some(seen), Instant::now()));
        Ok(true)
    }

    /// Makes the lease, for it is not there.
    async fn make(&mut self, held: bool) -> Result<bool, kube::Error> {
        let now = Instant::now();
        let nobody = Seen { version: String::new(), spec: LeaseSpec::default(), since: now };
        let lease = Lease {
            metadata: ObjectMeta { name: Some(self.name.clone()), ..ObjectMeta::default() },
            spec: Some(nobody.held_by(&self.identity)),
        };
        match self.api.create(&creating(), &lease).await {
            Ok(lease) => {
                self.seen = Some(Seen::of(lease, None, now));
                Ok(true)
            }
            Err(kube::Error::Api(answer)) if answer.is_already_exists() => Ok(false),
            // Nobody can make it while its namespace goes. Whoever held it goes on: what is deleted there has
            // to be removed.
            Err(kube::Error::Api(answer)) if held && is_namespace_going(&answer) => Ok(true),
            Err(error) => Err(error),
        }
    }

    async fn let_go(&self) {
        let Some(seen) = &self.seen else { return };
        let nobody = json!({"holderIdentity": null, "renewTime": null, "acquireTime": null});
        let last = Instant::now() + ANSWER;
        match timeout_at(last, self.patch(&seen.version, nobody)).await {
            Ok(Ok(_)) => {}
            Ok(Err(error)) => {
                tracing::debug!("the lease is not let go: {}", with_causes(&error));
            }
            Err(_) => tracing::debug!("the lease is not let go: nobody answers"),
        }
    }

    /// Changes what a lease of this version says; nothing if that is not its version any more.
    async fn patch(
        &self,
        version: &str,
        spec: serde_json::Value,
    ) -> Result<Option<Lease>, kube::Error> {
        let patch = Patch::Merge(json!({"metadata": {"resourceVersion": version}, "spec": spec}));
        match self.api.patch(&self.name, &changing(), &patch).await {
            Ok(lease) => Ok(Some(lease)),
            Err(kube::Error::Api(answer)) if answer.is_conflict() || answer.is_not_found() => {
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }
}

/// Whether it is of no use to ask again.
fn is_refusal(error: &kube::Error) -> bool {
    matches!(error, kube::Error::Api(answer) if (400..429).contains(&answer.code))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lease(holder: Option<&str>, second: i64) -> Lease {
        let renewed = jiff::Timestamp::from_second(second).unwrap();
        Lease {
            metadata: ObjectMeta::default(),
            spec: Some(LeaseSpec {
                holder_identity: holder.map(str::to_owned),
                lease_duration_seconds: Some(15),
                renew_time: Some(MicroTime(renewed)),
                lease_transitions: Some(3),
                ..LeaseSpec::default()
            }),
        }
    }

    #[test]
    fn a_lease_is_free_once_it_was_not_renewed_for_its_length_whatever_its_clock_says() {
        let begun = Instant::now();
        let at = |second| begun + Duration::from_secs(second);
        // Its holder's clock is years behind.
        let first = Seen::of(lease(Some("a"), 0), None, at(0));
        assert!(first.is_free_for("a", at(0)) && !first.is_free_for("b", at(15)));
        let renewed = Seen::of(lease(Some("a"), 5), Some(&first), at(10));
        assert!(!renewed.is_free_for("b", at(25)), "it was seen renewed");
        let silent = Seen::of(lease(Some("a"), 5), Some(&renewed), at(20));
        assert!(silent.is_free_for("b", at(26)), "it says the same since the tenth second");
        let nobodys = Seen::of(lease(None, 5), Some(&silent), at(20));
        assert!(nobodys.is_free_for("b", at(20)));
    }

    #[test]
    fn a_lease_that_goes_to_another_says_so() {
        let seen = Seen::of(lease(Some("a"), 0), None, Instant::now());
        assert_eq!(seen.held_by("a").lease_transitions, Some(3));
        let taken = seen.held_by("b");
        assert_eq!(taken.lease_transitions, Some(4));
        assert_eq!(
            (taken.holder_identity.as_deref(), &taken.acquire_time),
            (Some("b"), &taken.renew_time)
        );
    }
}
