//! What the point tells of itself.

use std::sync::Arc;

use super::{UpdatePoint, UpdatePointError, persisted::Persisted, point::Configured, publishing};
use crate::{
    blocking::blocking,
    clock,
    model::{
        DownstreamServer, PointSynchronization, RoleSince, SourceType, UpdateContentState,
        UpdatePointSettings, UpdatePointState,
    },
    store::{StoreError, catalog::Catalog},
    wire::reporting::ServerInfo,
};

/// Synchronizations, and revisions that were set aside, of which is told.
const RUNS: u32 = 10;
const SET_ASIDE: u32 = 100;

/// Downstream servers that a state names: a state is asked for often, and read by people.
const DOWNSTREAM_SERVERS: usize = 500;

impl UpdatePoint {
    /// What it is; `None` while it is not configured.
    ///
    /// # Errors
    ///
    /// The catalog cannot be read.
    pub async fn state(&self) -> Result<Option<UpdatePointState>, UpdatePointError> {
        let (Persisted { name, settings, .. }, listener, https) = {
            let configured = self.configured();
            let Some(Configured { persisted, ports }) = &*configured else { return Ok(None) };
            (persisted.clone(), ports.listener(), ports.https())
        };
        let (catalog, file_facts) = (Arc::clone(&self.0.catalog), Arc::clone(&self.0.file_facts));
        let content = self.content(&settings);
        blocking(move || {
            let import_file = match (settings.source.r#type, &settings.source.file) {
                (SourceType::Import, Some(file)) => file_facts.of(file.as_ref()),
                _ => None,
            };
            Ok(Some(UpdatePointState {
                name,
                settings,
                listener,
                https,
                catalog_version: catalog.version()?,
                revisions: catalog.count()?,
                last_synchronization: catalog.last_synchronization()?,
                import_file,
                local_updates: publishing::states(&catalog)?,
                set_aside: catalog.count_set_aside()?,
                downstream_servers: downstream_servers(&catalog)?,
                content: content(&catalog)?,
                packages: catalog.package_file_states()?,
            }))
        })
        .await
    }

    /// What it tells of its files of updates, where it has any or shall have some.
    fn content(
        &self,
        settings: &UpdatePointSettings,
    ) -> impl FnOnce(&Catalog) -> Result<Option<UpdateContentState>, StoreError> + use<> {
        let (held, held_bytes) = self.0.update_files.total();
        let (coming, hindrance) = (self.0.fetching.coming(), self.0.fetching.hindrance());
        let stores = settings.stores_files();
        move |catalog| {
            if !stores {
                let state = UpdateContentState { held, held_bytes, ..Default::default() };
                return Ok((held > 0).then_some(state));
            }
            let state = catalog.content_state(clock::now())?;
            Ok(Some(UpdateContentState { held, held_bytes, coming, hindrance, ..state }))
        }
    }

    /// Since when it is as it is.
    pub fn since(&self) -> RoleSince {
        self.configured().as_ref().map_or_else(RoleSince::default, |it| RoleSince {
            settings: it.persisted.settings_since,
            listener: Some(it.ports.since()),
        })
    }

    /// Its synchronizations: the one that goes on, the last ones, and what was set aside.
    ///
    /// # Errors
    ///
    /// The catalog cannot be read.
    pub async fn synchronizations(&self) -> Result<Option<PointSynchronization>, UpdatePointError> {
        let Ok((name, settings)) = self.settings() else { return Ok(None) };
        let (catalog, progress) = (Arc::clone(&self.0.catalog), self.0.underway.now());
        blocking(move || {
            Ok(Some(PointSynchronization {
                name,
                site: settings.site,
                progress,
                runs: catalog.runs(RUNS)?,
                set_aside: catalog.set_aside_updates(SET_ASIDE)?,
            }))
        })
        .await
    }
}

fn downstream_servers(catalog: &Catalog) -> Result<Vec<DownstreamServer>, StoreError> {
    let server = |it: ServerInfo| DownstreamServer {
        name: it.name,
        version: it.version,
        replica: it.replica,
        last_synchronization: it.last_synchronization,
    };
    Ok(catalog.downstream_servers()?.into_iter().take(DOWNSTREAM_SERVERS).map(server).collect())
}
