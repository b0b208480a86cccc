//! A whole synchronization.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use jiff::Timestamp;

use super::{
    SynchronizationError, Upstream, UpstreamError,
    batches::Batches,
    fetch::{Batch, SetAside},
    rollup, selection,
    session::Session,
};
use crate::{
    blocking::{EndsElsewhere, blocking},
    clock,
    model::{
        Name, SynchronizationCounts, SynchronizationRecord, SynchronizationRun, UpdateIdentity,
        UpdatePointSettings,
    },
    role::update_point::titles::Offered,
    store::{
        StoreError,
        catalog::{AnchorKind, Catalog, Selected, UpstreamAnchor},
    },
    wire::{
        agent::AgentOutcome,
        server_sync::{Filter, RevisionIdList},
        soap::Reaction,
    },
};

/// Documents of one batch at most, whatever the upstream server allows.
const BATCH: usize = 100;

/// So many revisions at once are stored as much.
const MUCH: usize = 1_000;

/// Revisions that were set aside before and are asked for again at most.
const RETRIED: u32 = 1_000;

/// Revisions that are set aside in one synchronization at most: where there are more, the server is at
/// fault and not they.
const MOST_SET_ASIDE: u64 = 1_000;

/// A synchronization of a catalog with an upstream server.
pub(in crate::role::update_point) struct Run {
    catalog: Arc<Catalog>,
    upstream: Upstream,
    name: Name,
    settings: UpdatePointSettings,
    /// The version of the protocol that the upstream server speaks, if it says so.
    upstream_version: Option<String>,
    began_at: Timestamp,
    done: u64,
    total: u64,
    counts: SynchronizationCounts,
    /// Where what is taken ahead is counted too, by the thread that stores it: also where nobody waits
    /// for the end.
    ahead: Option<Arc<Mutex<SynchronizationCounts>>>,
}

/// When what was set aside before is asked for again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum SetAsideBefore {
    /// In this synchronization.
    Again,
    /// Not as long as the upstream server is still at work itself.
    Later,
}

impl Run {
    /// One that has not begun.
    pub(in crate::role::update_point) fn new(
        catalog: &Arc<Catalog>,
        upstream: Upstream,
        name: Name,
        settings: UpdatePointSettings,
    ) -> Self {
        Self {
            catalog: Arc::clone(catalog),
            upstream,
            name,
            settings,
            upstream_version: None,
            began_at: clock::now(),
            done: 0,
            total: 0,
            counts: SynchronizationCounts::default(),
            ahead: None,
        }
    }

    /// Synchronizes, remembers how it ended, and tells the upstream server of this one. What was taken
    /// ahead counts as part of it.
    pub(in crate::role::update_point) async fn whole(
        mut self,
        ahead: &Mutex<SynchronizationCounts>,
    ) -> Result<AgentOutcome, SynchronizationError> {
        let synchronized = self.attempts(SetAsideBefore::Again).await;
        self.counts.add(std::mem::take(&mut *lock(ahead)));
        let failed = synchronized.as_ref().err().map(|error| crate::error_text::with_causes(error));
        self.remember(failed).await?;
        synchronized?;
        let outcome = self.finish().await?;
        self.roll_up().await;
        Ok(outcome)
    }

    /// Takes what the upstream server has stored so far, ahead of a synchronization.
    pub(in crate::role::update_point) async fn ahead(
        mut self,
        counts: &Arc<Mutex<SynchronizationCounts>>,
    ) -> Result<AgentOutcome, SynchronizationError> {
        self.ahead = Some(Arc::clone(counts));
        self.attempts(SetAsideBefore::Later).await?;
        let catalog_version = self.in_catalog(Catalog::version).await?;
        let (new_revisions, set_aside) = (self.counts.stored(), self.counts.set_aside);
        Ok(AgentOutcome::Synchronized { catalog_version, new_revisions, set_aside })
    }

    /// Tries until it is done, or nothing new comes of trying.
    async fn attempts(&mut self, set_aside: SetAsideBefore) -> Result<(), SynchronizationError> {
        let run = self;
        let mut restarted_at = None;
        let mut has_forgotten = false;
        loop {
            let Err(error) = run.attempt(set_aside).await else { return Ok(()) };
            let SynchronizationError::Upstream { source, .. } = &error else { return Err(error) };
            let forget =
                source.reaction() == Reaction::ResetAnchors || source.is_about_the_anchor();
            if forget && !has_forgotten {
                has_forgotten = true;
                let declared = run.upstream.declared().to_owned();
                run.in_catalog(move |it| it.forget_upstream_anchors(&declared)).await?;
            } else if source.reaction() == Reaction::Restart
                && restarted_at != Some(run.counts.stored())
            {
                // Sessions end in the middle of long synchronizations: going on is fine as long as
                // each session brings something new.
                restarted_at = Some(run.counts.stored());
            } else {
                return Err(error);
            }
            tracing::info!(
                error = crate::error_text::with_causes(&error),
                "synchronization begins again"
            );
        }
    }

    async fn attempt(&mut self, set_aside: SetAsideBefore) -> Result<(), SynchronizationError> {
        let upstream = self.upstream.clone();
        let account_guid = self.in_catalog(Catalog::account_guid).await?;
        let session = Session::begin(upstream, self.name.as_str(), account_guid).await?;
        let session = Arc::new(session);
        let limit = self.configuration(&session).await?;
        let again = match set_aside {
            SetAsideBefore::Again => self.in_catalog(|it| it.set_aside_updates(RETRIED)).await?,
            SetAsideBefore::Later => Vec::new(),
        };

        let before = self.anchor(AnchorKind::Configuration).await?;
        let anchor = before.map(|it| it.anchor);
        let filter = Filter { anchor, get_config: true, ..Filter::default() };
        let list = session.revision_list(filter).await?;
        let kind = AnchorKind::Configuration;
        self.take(&session, kind, list, Selected::default(), limit).await?;

        // What can be selected is known only now (SUP-9).
        let offered = self.in_catalog(Offered::by).await?;
        let before = self.anchor(AnchorKind::Updates).await?;
        let selected = selection::selected(&self.settings, &offered, before.as_ref())?;
        let filter = selection::filter(&selected, before.as_ref());
        let mut list = session.revision_list(filter).await?;
        // An anchor says nothing of what was set aside.
        list.new_revisions.extend(again.into_iter().map(|it| it.identity));
        let anchor = list.anchor.clone();
        self.take(&session, AnchorKind::Updates, list, selected, limit).await?;
        self.deployments(&session, anchor).await
    }

    /// Takes over groups and approvals, as a replica does; other servers have their own.
    async fn deployments(
        &self,
        session: &Session,
        sync_anchor: Option<String>,
    ) -> Result<(), SynchronizationError> {
        let kind = AnchorKind::Deployments;
        let declared = self.upstream.declared().to_owned();
        let before = self.anchor(kind).await?.map(|it| it.anchor);
        if !self.settings.replica {
            if before.is_some() {
                // Should it be a replica again, what was approved meanwhile must go.
                self.in_catalog(move |it| it.forget_upstream_anchor(&declared, kind)).await?;
            }
            return Ok(());
        }
        let is_complete = before.is_none();
        let result = session.deployments(before, sync_anchor).await?;
        self.in_catalog(move |it| {
            it.take_deployments(&result, is_complete, clock::now())?;
            let Some(anchor) = result.anchor else { return Ok(()) };
            let anchor = UpstreamAnchor { anchor, selected: Selected::default() };
            it.set_upstream_anchor(&declared, kind, &anchor)
        })
        .await
    }

    /// Tells the upstream server of this one. What has been synchronized stays so if it does not
    /// want to know.
    async fn roll_up(&self) {
        if !rollup::is_told(self.upstream_version.as_deref()) {
            return;
        }
        let catalog = Arc::clone(&self.catalog);
        let told = rollup::roll_up(catalog, &self.upstream, &self.name, self.settings.replica);
        if let Err(error) = told.await {
            tracing::warn!(
                error = crate::error_text::with_causes(&error),
                "the upstream server could not be told of this one"
            );
        }
    }

    /// Takes over the languages that changed, and tells how many documents a batch may have.
    async fn configuration(
        &mut self,
        session: &Arc<Session>,
    ) -> Result<usize, SynchronizationError> {
        let before = self.anchor(AnchorKind::Languages).await?;
        let data = session.config_data(before.map(|it| it.anchor)).await?;
        let limit = usize::try_from(data.max_updates_per_request).unwrap_or(0);
        self.upstream_version.clone_from(&data.protocol_version);
        let declared = self.upstream.declared().to_owned();
        self.in_catalog(move |it| {
            it.store_languages(&data.languages, clock::now())?;
            let Some(anchor) = data.new_config_anchor else { return Ok(()) };
            let anchor = UpstreamAnchor { anchor, selected: Selected::default() };
            it.set_upstream_anchor(&declared, AnchorKind::Languages, &anchor)
        })
        .await?;
        // A server that states no limit takes what all of them take.
        Ok(if limit == 0 { BATCH } else { limit.min(BATCH) })
    }

    /// Fetches and stores what is listed and not known, then keeps the anchor.
    async fn take(
        &mut self,
        session: &Arc<Session>,
        kind: AnchorKind,
        list: RevisionIdList,
        selected: Selected,
        limit: usize,
    ) -> Result<(), SynchronizationError> {
        let RevisionIdList { anchor, new_revisions } = list;
        let missing = self.in_catalog(move |it| missing(it, &new_revisions)).await?;
        self.total = self.done.saturating_add(missing.len() as u64);
        self.upstream.telling().progress(self.done, self.total);
        self.fetch_all(session, &missing, limit).await?;
        let Some(anchor) = anchor else { return Ok(()) };
        let declared = self.upstream.declared().to_owned();
        let anchor = UpstreamAnchor { anchor, selected };
        self.in_catalog(move |it| it.set_upstream_anchor(&declared, kind, &anchor)).await
    }

    async fn fetch_all(
        &mut self,
        session: &Arc<Session>,
        missing: &[UpdateIdentity],
        limit: usize,
    ) -> Result<(), SynchronizationError> {
        let _filling = if missing.len() >= MUCH {
            Some(EndsElsewhere::new(self.in_catalog(Catalog::filling).await?))
        } else {
            None
        };
        let mut batches = Batches::new(session, missing, limit);
        while let Some(batch) = batches.next().await? {
            let Batch { revisions, locations, keys, left: _, set_aside } = batch;
            let count = revisions.len() as u64;
            let ahead = self.ahead.clone();
            let stored = self.in_catalog(move |it| {
                it.store_file_keys(&keys)?;
                let stored = it.store(&revisions, &locations, clock::now())?;
                if let Some(ahead) = ahead {
                    stored.add_to(&mut lock(&ahead));
                }
                Ok(stored)
            });
            stored.await?.add_to(&mut self.counts);
            self.set_aside(set_aside).await?;
            self.come(count);
        }
        Ok(())
    }

    /// So many more have come.
    fn come(&mut self, count: u64) {
        self.done = self.done.saturating_add(count);
        self.upstream.telling().progress(self.done, self.total);
    }

    /// Goes on without these revisions.
    async fn set_aside(&mut self, revisions: Vec<SetAside>) -> Result<(), SynchronizationError> {
        let Some((identity, reason)) = revisions.first().cloned() else { return Ok(()) };
        tracing::warn!(%identity, %reason, count = revisions.len(), "updates are set aside");
        let count = revisions.len() as u64;
        self.in_catalog(move |it| it.set_aside(&revisions, clock::now())).await?;
        self.counts.set_aside = self.counts.set_aside.saturating_add(count);
        if self.counts.set_aside > MOST_SET_ASIDE {
            let error = UpstreamError::TooManySetAside { most: MOST_SET_ASIDE, reason };
            return Err(self.upstream.error(error));
        }
        self.come(count);
        Ok(())
    }

    /// Remembers how it has ended.
    async fn remember(&self, failed: Option<String>) -> Result<(), SynchronizationError> {
        let run = SynchronizationRun {
            began_at: self.began_at,
            finished_at: clock::now(),
            from: self.upstream.declared().to_owned(),
            counts: self.counts,
            failed,
        };
        self.in_catalog(move |it| it.remember_run(&run)).await
    }

    async fn finish(&self) -> Result<AgentOutcome, SynchronizationError> {
        let record = SynchronizationRecord {
            finished_at: clock::now(),
            from: self.upstream.declared().to_owned(),
            imported: None,
            new_revisions: self.counts.stored(),
        };
        let (new_revisions, set_aside) = (self.counts.stored(), self.counts.set_aside);
        let catalog_version = self
            .in_catalog(move |it| {
                it.set_last_synchronization(&record)?;
                it.version()
            })
            .await?;
        Ok(AgentOutcome::Synchronized { catalog_version, new_revisions, set_aside })
    }

    async fn anchor(
        &self,
        kind: AnchorKind,
    ) -> Result<Option<UpstreamAnchor>, SynchronizationError> {
        let declared = self.upstream.declared().to_owned();
        self.in_catalog(move |it| it.upstream_anchor(&declared, kind)).await
    }

    async fn in_catalog<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Catalog) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, SynchronizationError> {
        let catalog = Arc::clone(&self.catalog);
        blocking(move || Ok(work(&catalog)?)).await
    }
}

/// Counts are whole whoever has panicked.
fn lock(counts: &Mutex<SynchronizationCounts>) -> MutexGuard<'_, SynchronizationCounts> {
    counts.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What is listed and not known, each once, in the order of the list.
fn missing(
    catalog: &Catalog,
    listed: &[UpdateIdentity],
) -> Result<Vec<UpdateIdentity>, StoreError> {
    let mut seen = BTreeSet::new();
    let distinct: Vec<_> = listed.iter().copied().filter(|it| seen.insert(*it)).collect();
    let known = catalog.known(&distinct)?;
    Ok(distinct.into_iter().zip(known).filter(|(_, known)| !known).map(|(it, _)| it).collect())
}
