//! Site systems that are exactly as a hierarchy wants them, so that a plan finds nothing to do.

use std::collections::BTreeMap;

use headwater::model::{
    CatalogVersion, Digest, DistributionPointState, Hierarchy, Known, Listener, Name, Observed,
    ObservedBuilder, Package, PackageState, Since, SiteServerState, SiteSystemState,
    SynchronizationRecord, UpdateIdentity, UpdatePointState, UpdateServicesState, WsusVersion,
};
use jiff::Timestamp;

/// The time at which everything was synchronized last.
pub(crate) fn synchronized_at() -> Timestamp {
    Timestamp::UNIX_EPOCH + jiff::SignedDuration::from_hours(24 * 365 * 56)
}

/// What site systems report that are as wanted.
pub(crate) fn observed(hierarchy: &Hierarchy) -> Observed {
    let catalog =
        CatalogVersion::of([UpdateIdentity { update_id: uuid::Uuid::nil(), revision: 1 }]);
    let mut systems: BTreeMap<Name, SiteSystemState> = hierarchy
        .site_systems
        .iter()
        .map(|(name, system)| {
            let state = SiteSystemState {
                since: Since::default(),
                settings: system.settings.clone(),
                listens_on: "127.0.0.1".to_owned(),
                administration_console: false,
                site_server: None,
                update_services: None,
                update_point: None,
                distribution_point: None,
            };
            (name.clone(), state)
        })
        .collect();
    for site in hierarchy.sites.values() {
        let Some(system) = systems.get_mut(&site.site_server) else { continue };
        system.site_server = Some(SiteServerState {
            catalog_version: Some(catalog),
            revisions: 1,
            waiting: 0,
            seen: None,
            client_policy: hierarchy.client_policy(site),
            announced: Some(catalog),
            management_point: None,
            packages: BTreeMap::new(),
            package_origins: BTreeMap::new(),
            validated: None,
            status_messages: Vec::new(),
        });
    }
    for (name, point) in &hierarchy.update_points {
        let Some(system) = systems.get_mut(&point.site_system) else { continue };
        system.update_services = Some(UpdateServicesState { version: WsusVersion::V10_0 });
        system.update_point = Some(UpdatePointState {
            name: name.clone(),
            settings: point.settings.clone(),
            listener: Listener::Open(format!("127.0.0.1:{}", point.settings.ports.http)),
            https: None,
            catalog_version: Some(catalog),
            revisions: 1,
            last_synchronization: Some(SynchronizationRecord {
                finished_at: synchronized_at(),
                from: point.settings.source.url.clone().unwrap_or_default(),
                imported: None,
                new_revisions: 1,
            }),
            import_file: None,
            local_updates: BTreeMap::new(),
            set_aside: 0,
            downstream_servers: Vec::new(),
            content: None,
            packages: BTreeMap::new(),
        });
    }
    for (name, point) in &hierarchy.distribution_points {
        let Some(system) = systems.get_mut(&point.site_system) else { continue };
        system.distribution_point = Some(DistributionPointState {
            name: name.clone(),
            settings: point.settings.clone(),
            listener: Listener::Open(format!("127.0.0.1:{}", point.settings.ports.http)),
            packages: BTreeMap::new(),
            pull_jobs: BTreeMap::new(),
            validated: None,
            on_demand: BTreeMap::new(),
            unique_clients: BTreeMap::new(),
        });
    }
    for package in hierarchy.packages.values() {
        place(hierarchy, package, &mut systems);
    }
    let mut builder = ObservedBuilder::default();
    for (name, state) in systems {
        builder.insert(name, Known::Present(state));
    }
    builder.finish()
}

/// Puts a package where it shall be.
fn place(hierarchy: &Hierarchy, package: &Package, systems: &mut BTreeMap<Name, SiteSystemState>) {
    let Some(site) = hierarchy.sites.get(&package.site) else { return };
    let state = |from: &str| PackageState {
        version: package.version,
        digest: Digest::of(package.id.as_str().as_bytes()),
        files: 12,
        bytes: 34_567_890,
        damaged: 0,
        sources: vec![from.to_owned()],
    };
    if let Some(server) = systems.get_mut(&site.site_server)
        && let Some(server) = &mut server.site_server
    {
        server.packages.insert(package.id.clone(), state("content"));
    }
    for name in package.distribute_to.iter() {
        let Some(point) = hierarchy.distribution_points.get(name) else { continue };
        let source = point.settings.pull.as_ref().and_then(|pull| pull.sources.first());
        let from = source.map_or(site.site_server.as_str(), |it| it.distribution_point.as_str());
        if let Some(system) = systems.get_mut(&point.site_system)
            && let Some(held) = &mut system.distribution_point
        {
            held.packages.insert(package.id.clone(), state(from));
        }
    }
}
