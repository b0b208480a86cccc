//! Telling the upstream server of this one and of those below it (protocol §1.7, step 8).

use jiff::Timestamp;

use super::{SynchronizationError, Upstream};
use crate::{
    blocking::blocking,
    clock,
    model::Name,
    store::catalog::{AnchorKind, Catalog, Selected, UpstreamAnchor},
    wire::{
        date_time,
        reporting::{
            self, GetRollupConfiguration, GetRollupConfigurationRequest, RollupDownstreamServers,
            RollupDownstreamServersRequest, ServerInfo,
        },
    },
};

/// Servers of one call at most, whatever the upstream server allows: some hundred kilobytes.
const SERVERS: usize = 200;

/// Whether a server of this version is told: since 1.3 (protocol §1.1). One that states no version is
/// older.
pub(super) fn is_told(version: Option<&str>) -> bool {
    let parts = version.and_then(|version| {
        let (major, minor) = version.trim().split_once('.')?;
        Some((major.parse::<u32>().ok()?, minor.parse::<u32>().ok()?))
    });
    parts.is_some_and(|(major, minor)| major == 1 && minor >= 3)
}

/// Tells the upstream server.
pub(super) async fn roll_up(
    catalog: std::sync::Arc<Catalog>,
    upstream: &Upstream,
    name: &Name,
    is_replica: bool,
) -> Result<(), SynchronizationError> {
    let limits = upstream
        .call::<GetRollupConfiguration>(reporting::PATH, &GetRollupConfigurationRequest)
        .await?;
    let summaries = usize::try_from(limits.max_client_summaries).unwrap_or(0);
    let (name, declared) = (name.to_string(), upstream.declared().to_owned());
    let reader = std::sync::Arc::clone(&catalog);
    let servers = blocking(move || servers(&reader, name, &declared, is_replica)).await?;
    for servers in batches(servers, summaries) {
        let request = RollupDownstreamServersRequest { client_time: clock::now(), servers };
        upstream.call::<RollupDownstreamServers>(reporting::PATH, &request).await?;
    }
    let declared = upstream.declared().to_owned();
    blocking(move || {
        let anchor = date_time::format(clock::now());
        let anchor = UpstreamAnchor { anchor, selected: Selected::default() };
        Ok(catalog.set_upstream_anchor(&declared, AnchorKind::Rollup, &anchor)?)
    })
    .await
}

/// This server, then those below it, each after the one above it.
fn servers(
    catalog: &Catalog,
    name: String,
    upstream: &str,
    replica: bool,
) -> Result<Vec<ServerInfo>, SynchronizationError> {
    let id = catalog.account_guid()?;
    let last = catalog.upstream_anchor(upstream, AnchorKind::Rollup)?;
    let last_rollup: Option<Timestamp> = last.and_then(|it| date_time::parse(&it.anchor).ok());
    let own = ServerInfo {
        id,
        name,
        last_synchronization: catalog.last_synchronization()?.map(|it| it.finished_at),
        parent: None,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        replica,
        last_rollup,
        summary: catalog.summary()?,
        clients: Vec::new(),
    };
    let below = catalog.downstream_servers()?.into_iter();
    let below = below.map(|server| ServerInfo { parent: server.parent.or(Some(id)), ..server });
    Ok(std::iter::once(own).chain(below).collect())
}

/// As few calls as the upstream server allows, each with so many client summaries at most. What one
/// server has more of is left out.
fn batches(servers: Vec<ServerInfo>, summaries: usize) -> Vec<Vec<ServerInfo>> {
    let mut batches: Vec<Vec<ServerInfo>> = Vec::new();
    let mut free = 0_usize;
    for mut server in servers {
        server.clients.truncate(summaries);
        match batches.last_mut() {
            Some(batch) if batch.len() < SERVERS && server.clients.len() <= free => {
                free -= server.clients.len();
                batch.push(server);
            }
            _ => {
                free = summaries - server.clients.len();
                batches.push(vec![server]);
            }
        }
    }
    batches
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::wire::reporting::{ClientSummary, ServerSummary};

    #[test]
    fn versions_are_compared_as_numbers() {
        for told in ["1.3", "1.8", "1.20", " 1.21"] {
            assert!(is_told(Some(told)), "{told}");
        }
        for older in [None, Some("1.2"), Some("1.1"), Some("2.3"), Some("x"), Some("")] {
            assert!(!is_told(older), "{older:?}");
        }
    }

    #[test]
    fn calls_hold_what_the_upstream_server_allows() {
        let server = |clients: usize| ServerInfo {
            id: Uuid::nil(),
            name: String::new(),
            last_synchronization: None,
            parent: None,
            version: String::new(),
            replica: false,
            last_rollup: None,
            summary: ServerSummary::default(),
            clients: vec![ClientSummary::default(); clients],
        };
        let lengths = |servers: &[usize], summaries: usize| -> Vec<Vec<usize>> {
            let servers = servers.iter().map(|it| server(*it)).collect();
            let batches = batches(servers, summaries);
            let of = |batch: &Vec<ServerInfo>| batch.iter().map(|it| it.clients.len()).collect();
            batches.iter().map(of).collect()
        };
        assert_eq!(lengths(&[1, 2, 3, 9], 5), [vec![1, 2], vec![3], vec![5]]);
        assert_eq!(lengths(&[2, 2], 0), [[0, 0]]);
        assert_eq!(lengths(&[0; 201], 5).len(), 2);
        assert!(lengths(&[], 5).is_empty());
    }
}
