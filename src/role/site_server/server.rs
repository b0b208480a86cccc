//! The role itself.

use std::{path::PathBuf, sync::Arc};

use jiff::Timestamp;

use super::{SiteServerError, SourceError, source};
use crate::{
    blocking::blocking,
    clock,
    model::{CatalogVersion, ClientPolicy, SiteServerState, StatusMessage},
    net::http::Client,
    role::Reporter,
    store::{
        StoreError,
        site_database::{Manner, PageError, PublishedPolicy, SiteDatabase},
    },
    wire::agent::{AgentOutcome, ProgressUnit, RevisionPage},
};

/// How many status messages its state tells.
const NEWEST: u32 = 50;

/// How often a sender may start over while it is asked: it may be installed anew once or twice.
const RESTARTS: u32 = 3;

/// The site server of a site. Clones are the same server.
#[derive(Debug, Clone)]
pub struct SiteServer(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    database: Arc<SiteDatabase>,
    /// One copy or replication at a time.
    receiving: tokio::sync::Mutex<()>,
}

impl SiteServer {
    /// Opens the site database below `directory`, or creates an empty one.
    ///
    /// # Errors
    ///
    /// The database cannot be opened.
    pub async fn open(directory: PathBuf) -> Result<Self, SiteServerError> {
        let database = blocking(move || {
            Ok::<_, SiteServerError>(SiteDatabase::open(&directory.join("site.db"))?)
        })
        .await?;
        Ok(Self(Arc::new(Inner {
            database: Arc::new(database),
            receiving: tokio::sync::Mutex::default(),
        })))
    }

    /// Copies changed metadata from the catalog of the active update point (SYNC-4), or what of it is
    /// new (SYNC-3), through the agent at `from`. The client carries the authorization.
    ///
    /// # Errors
    ///
    /// The agent does not answer as it should, or the database cannot be written. What was taken
    /// until then stays.
    pub async fn copy_from(
        &self,
        admin: &Client,
        from: &str,
        manner: Manner,
        report: &Reporter,
    ) -> Result<AgentOutcome, SiteServerError> {
        self.receive(admin, from, "/v1/update-point/revisions", manner, report).await
    }

    /// Takes replicated metadata from the database of the site above (SYNC-5), through the agent
    /// at `from`. The client carries the authorization.
    ///
    /// # Errors
    ///
    /// As for [`SiteServer::copy_from`].
    pub async fn replicate_from(
        &self,
        admin: &Client,
        from: &str,
        report: &Reporter,
    ) -> Result<AgentOutcome, SiteServerError> {
        self.receive(admin, from, "/v1/site-database/revisions", Manner::Everything, report).await
    }

    /// Keeps status messages with the site.
    ///
    /// # Errors
    ///
    /// The database cannot be written.
    pub async fn record(&self, messages: Vec<StatusMessage>) -> Result<(), SiteServerError> {
        self.in_database(move |it| it.record_messages(&messages)).await
    }

    /// Publishes the policy of the site's clients, and the catalog that they shall scan for
    /// (SYNC-9).
    ///
    /// # Errors
    ///
    /// The database cannot be written.
    pub async fn publish_policy(
        &self,
        policy: ClientPolicy,
        announced: Option<CatalogVersion>,
    ) -> Result<(), SiteServerError> {
        let now = clock::now();
        self.in_database(move |it| it.publish_policy(&policy, announced, now)).await
    }

    /// The policy of the site's clients as it was published last.
    ///
    /// # Errors
    ///
    /// The database cannot be read.
    pub async fn published_policy(&self) -> Result<Option<PublishedPolicy>, SiteServerError> {
        self.in_database(SiteDatabase::published_policy).await
    }

    /// What the site server reports. The packages of the site's content library and its management point
    /// are not its own to know: they are missing here.
    ///
    /// # Errors
    ///
    /// The database cannot be read.
    pub async fn state(&self) -> Result<SiteServerState, SiteServerError> {
        self.in_database(|it| {
            let (client_policy, announced) = it.policy()?;
            let waiting = it.changes_waiting()?;
            Ok(SiteServerState {
                catalog_version: it.version()?,
                revisions: it.count()?,
                waiting: waiting.map_or(0, |it| it.revisions),
                seen: waiting.and_then(|it| it.seen),
                client_policy,
                announced,
                management_point: None,
                packages: std::collections::BTreeMap::new(),
                package_origins: std::collections::BTreeMap::new(),
                validated: None,
                status_messages: it.newest_messages(NEWEST)?,
            })
        })
        .await
    }

    /// When the policy of the site's clients changed last.
    ///
    /// # Errors
    ///
    /// The database cannot be read.
    pub async fn policy_since(&self) -> Result<Option<Timestamp>, SiteServerError> {
        self.in_database(SiteDatabase::policy_since).await
    }

    /// The revisions that changed after `after`, in the order of changes.
    ///
    /// # Errors
    ///
    /// The database cannot be read.
    pub async fn page(&self, after: i64) -> Result<RevisionPage, SiteServerError> {
        self.in_database(move |it| it.page(after)).await
    }

    async fn receive(
        &self,
        admin: &Client,
        from: &str,
        path: &str,
        manner: Manner,
        report: &Reporter,
    ) -> Result<AgentOutcome, SiteServerError> {
        let _receiving = self.0.receiving.lock().await;
        let url = format!("{}{path}", from.trim_end_matches('/'));
        let failed = |source| SiteServerError::Source { url: url.clone(), source };
        let (mut done, mut new_revisions, mut restarts) = (0_u64, 0_u64, 0_u32);
        let mut after = self.in_database(move |it| it.received_up_to(manner)).await?;
        loop {
            let page = source::page(admin, &url, after).await.map_err(failed)?;
            let count = page.revisions.len() as u64;
            let database = Arc::clone(&self.0.database);
            let received = blocking(move || {
                let received = database.receive(after, &page, manner, clock::now());
                Ok::<_, SiteServerError>(received)
            });
            let received = received.await?.map_err(|error| match error {
                PageError::Store(error) => SiteServerError::Store(error),
                malformed @ PageError::Malformed(_) => failed(SourceError::Page(malformed)),
            })?;
            new_revisions = new_revisions.saturating_add(received.new);
            if received.complete {
                break;
            }
            if received.next == 0 {
                restarts = restarts.saturating_add(1);
                if restarts > RESTARTS {
                    return Err(failed(SourceError::Restless));
                }
            } else {
                done = done.saturating_add(count);
                report.progress(done, 0, ProgressUnit::Updates);
            }
            after = received.next;
        }
        let catalog_version = self.in_database(SiteDatabase::version).await?;
        Ok(AgentOutcome::Synchronized { catalog_version, new_revisions, set_aside: 0 })
    }

    async fn in_database<T: Send + 'static>(
        &self,
        work: impl FnOnce(&SiteDatabase) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, SiteServerError> {
        let database = Arc::clone(&self.0.database);
        blocking(move || Ok(work(&database)?)).await
    }
}
