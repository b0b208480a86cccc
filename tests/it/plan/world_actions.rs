//! What each action does to the world.

use std::collections::BTreeMap;

use headwater::{
    model::{
        ContentFacts, Digest, DistributionPointState, Hierarchy, Kind, Listener,
        ManagementPointState, Name, OnDemandPackage, Package, PackageId, PackageOrigin,
        PackageState, Ports, ResourceId, SecuredListener, Since, SiteCode, SiteServerState,
        SiteSystemState, SynchronizationRecord, UpdatePointRole, UpdatePointState,
        UpdateServicesState, WsusVersion,
    },
    plan::{Action, ActionKind},
};

use super::world::{Revisions, World, imports};

impl World {
    pub(super) fn carry_out_one(&mut self, hierarchy: &Hierarchy, action: &Action) {
        let name = &action.resource.name;
        match action.kind {
            ActionKind::CreateSiteSystem => self.create(hierarchy, name),
            ActionKind::InstallUpdateServices => {
                let declared = hierarchy.site_systems[name].settings.software.wsus;
                let version = declared.unwrap_or(WsusVersion::V10_0);
                self.system(name).update_services = Some(UpdateServicesState { version });
            }
            ActionKind::InstallAdministrationConsole => {
                self.system(name).administration_console = true;
            }
            ActionKind::ConfigureSsl => {
                let system = &hierarchy.update_points[name].site_system;
                assert!(self.system(system).update_services.is_some(), "no WSUS on `{system}`");
                self.secured.insert(system.clone());
            }
            ActionKind::AddSoftwareUpdatePoint | ActionKind::ConfigureSoftwareUpdatePoint => {
                self.configure_update_point(hierarchy, name);
            }
            ActionKind::VerifyPorts => {
                let declared = &hierarchy.update_points[name];
                let point = self.update_point(&declared.site_system, name);
                assert_eq!(point.listener, open(declared.settings.ports.http));
            }
            ActionKind::PublishLocalUpdate | ActionKind::ExpireLocalUpdate => {
                self.local_update(hierarchy, action);
            }
            ActionKind::ImportUpdates | ActionKind::Synchronize => {
                self.synchronize(hierarchy, name);
            }
            ActionKind::PublishClientPolicy => self.publish(hierarchy, &action.site),
            ActionKind::ConfigureDistributionPoint if action.resource.kind == Kind::Package => {
                self.on_demand(hierarchy, action);
            }
            ActionKind::AddDistributionPoint
            | ActionKind::ConfigureDistributionPoint
            | ActionKind::EnablePull
            | ActionKind::DisablePull => self.configure_distribution_point(hierarchy, name),
            ActionKind::DistributeContent | ActionKind::UpdateContent => {
                self.distribute(hierarchy, &hierarchy.packages[name], &action.targets);
            }
            ActionKind::RemoveContent => self.remove_content(hierarchy, action),
            ActionKind::RemoveDistributionPoint => {
                self.remove_distribution_point(hierarchy, action);
            }
            ActionKind::RemoveSoftwareUpdatePoint => self.remove_update_point(hierarchy, action),
            ActionKind::UninstallUpdateServices => {
                let state = self.system(name);
                assert_eq!(state.update_point, None, "{} comes too early", action.id);
                state.update_services = None;
                self.catalogs.remove(name);
                self.published.remove(name);
                self.secured.remove(name);
            }
            ActionKind::RemoveSiteSystem => self.remove_system(hierarchy, name),
            ActionKind::SynchronizeCategories | ActionKind::ValidateContent => {
                panic!("{} is not supported yet", action.id)
            }
        }
    }

    fn create(&mut self, hierarchy: &Hierarchy, name: &Name) {
        let settings = hierarchy.site_systems[name].settings.clone();
        let site = &hierarchy.sites[&settings.site];
        let first = match &site.parent {
            Some(parent) if site.site_server == *name => Some(&hierarchy.sites[parent].site_server),
            _ if site.site_server == *name => None,
            _ => Some(&site.site_server),
        };
        if let Some(first) = first.filter(|_| !self.systems.contains_key(name)) {
            assert!(self.systems.contains_key(first), "`{name}` comes before `{first}`");
        }
        assert!(!self.unknown.contains(name));
        let serves = settings.site_server.is_some();
        let state = self.systems.entry(name.clone()).or_insert_with(|| SiteSystemState {
            settings: settings.clone(),
            listens_on: "127.0.0.1".to_owned(),
            administration_console: false,
            site_server: None,
            update_services: None,
            update_point: None,
            distribution_point: None,
            since: Since::default(),
        });
        assert_eq!(state.settings.site, settings.site, "a site system never changes its site");
        if serves && state.site_server.is_none() {
            state.site_server = Some(SiteServerState {
                catalog_version: None,
                revisions: 0,
                waiting: 0,
                seen: None,
                client_policy: None,
                announced: None,
                management_point: None,
                packages: BTreeMap::new(),
                package_origins: BTreeMap::new(),
                validated: None,
                status_messages: Vec::new(),
            });
            self.databases.remove(&settings.site);
        } else if !serves {
            state.site_server = None;
        }
        if let Some(server) = &mut state.site_server {
            let told = settings.site_server.as_ref();
            let told = told.and_then(|it| it.management_point.as_ref());
            server.management_point = told.map(|it| ManagementPointState {
                listener: open(it.port()),
                certificate: None,
                policy: None,
            });
        }
        state.settings = settings;
    }

    fn configure_update_point(&mut self, hierarchy: &Hierarchy, name: &Name) {
        let declared = &hierarchy.update_points[name];
        let server = &hierarchy.sites[&declared.settings.site].site_server;
        if *server != declared.site_system {
            let server = self.system(server);
            let declared = server.settings.software.wsus_administration_console;
            assert!(server.administration_console || declared, "no console for `{name}`");
        }
        if let Some((upstream, point)) = hierarchy.upstream(declared) {
            let known = self.answers(&declared.site_system)
                && self.systems[&declared.site_system].update_point.is_some();
            if !known {
                self.update_point(&point.site_system, upstream);
            }
        }
        let secured = self.secured.contains(&declared.site_system);
        assert!(secured || !declared.settings.ssl, "`{name}` has no secured channel yet");
        let state = self.system(&declared.site_system);
        assert!(state.update_services.is_some(), "WSUS is not there for `{name}`");
        state.update_point = Some(UpdatePointState {
            name: name.clone(),
            settings: declared.settings.clone(),
            listener: open(declared.settings.ports.http),
            https: declared.settings.ssl.then(|| SecuredListener {
                listener: open(declared.settings.ports.https),
                certificate: None,
            }),
            catalog_version: None,
            revisions: 0,
            last_synchronization: None,
            import_file: None,
            local_updates: BTreeMap::new(),
            set_aside: 0,
            downstream_servers: Vec::new(),
            content: None,
            packages: BTreeMap::new(),
        });
    }

    /// As the sync manager and the agents do it together.
    fn synchronize(&mut self, hierarchy: &Hierarchy, name: &Name) {
        let declared = &hierarchy.update_points[name];
        let system = &declared.site_system;
        let site = &hierarchy.sites[&declared.settings.site];
        let code = &declared.settings.site;
        let active = declared.settings.role == UpdatePointRole::Active;
        if let (true, Some(parent)) = (active, &site.parent)
            && !self.requested.remove(code)
        {
            self.site_server(&hierarchy.sites[parent].site_server);
            self.site_server(&site.site_server);
            self.replicate(parent, code);
        }
        let point = self.update_point(system, name).clone();
        assert_eq!(point.settings, declared.settings, "`{name}` has other settings");
        let source = &point.settings.source;
        let (from, imported, given) = if imports(&point) {
            let file = source.file.clone().unwrap();
            let digest = self.file(&file).digest;
            (file.clone(), Some(digest), self.outside(&file))
        } else {
            let microsoft_update = || "https://update.example".to_owned();
            let url = source.url.clone().unwrap_or_else(microsoft_update);
            let given = match hierarchy.upstream(declared) {
                None => self.outside(&url),
                Some((upstream, it)) => {
                    let upstream = self.update_point(&it.site_system, upstream);
                    assert_eq!(upstream.listener, open(it.settings.ports.http));
                    let Ports { http, https, .. } = it.settings.ports;
                    let port = if it.settings.ssl { https } else { http };
                    assert!(url.ends_with(&format!(":{port}")), "{url}");
                    self.catalogs.get(&it.site_system).cloned().unwrap_or_default().0
                }
            };
            (url, None, given)
        };
        let finished_at = self.now;
        let (revisions, last) = self.catalogs.entry(system.clone()).or_default();
        let new_revisions = given.difference(revisions).count() as u64;
        // A catalog only grows.
        revisions.extend(given);
        *last = Some(SynchronizationRecord { finished_at, from, imported, new_revisions });
        if active {
            if site.parent.is_none() {
                let copied: Revisions = revisions.clone();
                self.site_server(&site.site_server);
                self.databases.insert(code.clone(), copied);
            }
            let children: Vec<_> = hierarchy
                .children(code)
                .filter(|(_, child)| child.active_point.is_some())
                .filter(|(_, child)| self.answers(&child.site_server))
                .map(|(child, _)| child.clone())
                .collect();
            for child in children {
                self.replicate(code, &child);
                self.requested.insert(child);
            }
        }
    }

    fn replicate(&mut self, from: &SiteCode, to: &SiteCode) {
        let database = self.databases.get(from).cloned().unwrap_or_default();
        self.databases.insert(to.clone(), database);
    }

    fn publish(&mut self, hierarchy: &Hierarchy, code: &SiteCode) {
        let site = &hierarchy.sites[code];
        let policy = hierarchy.client_policy(site).unwrap();
        let declared = &hierarchy.update_points[&policy.update_point];
        let point = self.update_point(&declared.site_system, &policy.update_point);
        assert_eq!(point.listener, open(declared.settings.ports.http));
        let observed = self.observed();
        let state = observed.site_systems[&declared.site_system].present().unwrap();
        let announced = state.update_point.as_ref().unwrap().catalog_version;
        let server = self.site_server(&site.site_server);
        server.client_policy = Some(policy);
        server.announced = announced;
    }

    fn configure_distribution_point(&mut self, hierarchy: &Hierarchy, name: &Name) {
        let declared = &hierarchy.distribution_points[name];
        let state = self.system(&declared.site_system);
        let before = state.distribution_point.take();
        let before = before.map(|before| (before.packages, before.pull_jobs, before.on_demand));
        let (packages, mut pull_jobs, on_demand) = before.unwrap_or_default();
        if !declared.settings.pulls() {
            pull_jobs.clear();
        }
        state.distribution_point = Some(DistributionPointState {
            name: name.clone(),
            settings: declared.settings.clone(),
            listener: open(declared.settings.ports.http),
            packages,
            pull_jobs,
            validated: None,
            on_demand: if declared.settings.fetches_on_demand() {
                on_demand
            } else {
                BTreeMap::new()
            },
            unique_clients: BTreeMap::new(),
        });
    }

    /// Points that fetch on demand are told what they may fetch, or not to any more.
    fn on_demand(&mut self, hierarchy: &Hierarchy, action: &Action) {
        let id = package_id(hierarchy, &action.resource.name);
        for target in &action.targets {
            let declared = &hierarchy.distribution_points[target];
            let package = hierarchy.packages.get(&action.resource.name);
            let content = package.filter(|it| it.distribute_to.contains(target)).map(|package| {
                let server = &hierarchy.sites[&package.site].site_server;
                let held = &self.site_server(server).packages[&id];
                assert!(held.version == package.version && held.available(), "{id} is not there");
                let PackageState { version, digest, files, bytes, .. } = *held;
                ContentFacts { version, digest, files, bytes }
            });
            let point = self.system(&declared.site_system).distribution_point.as_mut().unwrap();
            assert_eq!(point.settings, declared.settings, "`{target}` has other settings");
            assert!(point.settings.fetches_on_demand());
            let before = point.on_demand.remove(&id);
            let Some(content) = content else {
                assert!(before.is_some(), "{}: `{target}` knows nothing of it", action.id);
                continue;
            };
            // What takes the place of another one may know it from that.
            let role = format!(":{}", ResourceId::new(Kind::DistributionPoint, target));
            let point_is_new = action.after.iter().any(|it| it.as_str().ends_with(&role));
            let known = before.as_ref().is_some_and(|before| before.content == content);
            assert!(point_is_new || !known, "{}", action.id);
            let requested = before.and_then(|before| before.requested);
            point.on_demand.insert(id.clone(), OnDemandPackage { content, requested });
        }
    }

    fn distribute(&mut self, hierarchy: &Hierarchy, package: &Package, targets: &[Name]) {
        let server = &hierarchy.sites[&package.site].site_server;
        if targets.is_empty() {
            let (source, content) = self.take(hierarchy, package);
            let state = PackageState {
                version: package.version,
                digest: Digest::of(format!("{content} {}", package.version).as_bytes()),
                files: 3,
                bytes: 30,
                damaged: 0,
                sources: vec![content],
            };
            let name = hierarchy.packages.iter().find(|(_, it)| it.id == package.id).unwrap().0;
            let origin = PackageOrigin {
                name: name.clone(),
                source,
                display_name: package.display_name.clone(),
                priority: package.priority,
            };
            let server = self.site_server(server);
            server.package_origins.insert(package.id.clone(), origin);
            server.packages.insert(package.id.clone(), state);
            return;
        }
        let held = self.site_server(server).packages[&package.id].clone();
        assert!(held.version == package.version && held.available(), "{} is not there", package.id);
        for target in targets {
            let declared = &hierarchy.distribution_points[target];
            let point = self.system(&declared.site_system).distribution_point.as_ref().unwrap();
            assert_eq!(point.settings, declared.settings, "`{target}` has other settings");
            let source = if declared.settings.pulls() {
                let mut sources = declared.settings.pulls_from();
                let source = sources.find(|source| {
                    let system =
                        &hierarchy.distribution_points[&source.distribution_point].site_system;
                    self.holds(system, &package.id, &held)
                });
                source.unwrap().distribution_point.to_string()
            } else {
                server.to_string()
            };
            let point = self.system(&declared.site_system).distribution_point.as_mut().unwrap();
            let state = PackageState { sources: vec![source], ..held.clone() };
            point.packages.insert(package.id.clone(), state);
            point.pull_jobs.remove(&package.id);
        }
    }

    fn holds(&self, system: &Name, package: &PackageId, held: &PackageState) -> bool {
        let point = self.answers(system).then(|| self.systems[system].distribution_point.as_ref());
        point.flatten().and_then(|point| point.packages.get(package)).is_some_and(|there| {
            there.available() && there.version == held.version && there.digest == held.digest
        })
    }

    fn remove_content(&mut self, hierarchy: &Hierarchy, action: &Action) {
        let id = package_id(hierarchy, &action.resource.name);
        if action.targets.is_empty() {
            let server = &hierarchy.sites[&action.site].site_server;
            self.site_server(server).package_origins.remove(&id);
            assert!(self.site_server(server).packages.remove(&id).is_some());
        }
        for target in &action.targets {
            let declared = &hierarchy.distribution_points[target];
            let point = self.system(&declared.site_system).distribution_point.as_mut().unwrap();
            let job = point.pull_jobs.remove(&id).is_some();
            point.on_demand.remove(&id);
            assert!(point.packages.remove(&id).is_some() || job);
        }
    }

    fn remove_distribution_point(&mut self, hierarchy: &Hierarchy, action: &Action) {
        let point = &action.resource.name;
        if !hierarchy.distribution_points.contains_key(point) {
            for (system, state) in self.systems.iter().filter(|(it, _)| self.answers(it)) {
                let Some(other) = &state.distribution_point else { continue };
                let mut sources = other.settings.pulls_from();
                let pulls = sources.any(|source| source.distribution_point == *point);
                assert!(!pulls, "{}: `{}` on `{system}` pulls from it", action.id, other.name);
            }
        }
        let removed = self.system(&action.targets[0]).distribution_point.take();
        assert_eq!(removed.map(|it| it.name).as_ref(), Some(point));
    }

    fn remove_update_point(&mut self, hierarchy: &Hierarchy, action: &Action) {
        let point = &action.resource.name;
        if !hierarchy.update_points.contains_key(point) {
            for (system, state) in self.systems.iter().filter(|(it, _)| self.answers(it)) {
                let Some(state) = &state.update_point else { continue };
                let upstream = state.settings.source.update_point.as_ref();
                assert_ne!(
                    upstream,
                    Some(point),
                    "`{}` on `{system}` synchronizes with it",
                    state.name
                );
            }
        }
        let removed = self.system(&action.targets[0]).update_point.take();
        assert_eq!(removed.map(|it| it.name).as_ref(), Some(point));
    }

    fn remove_system(&mut self, hierarchy: &Hierarchy, name: &Name) {
        let state = self.system(name).clone();
        assert_eq!(state.update_point, None, "`{name}` still carries an update point");
        assert_eq!(state.distribution_point, None, "`{name}` still carries a distribution point");
        let code = &state.settings.site;
        if state.site_server.is_some() {
            for (other, it) in self.systems.iter().filter(|(other, _)| *other != name) {
                let below = it.settings.site_server.as_ref().and_then(|it| it.parent.as_ref());
                // One that is declared and does not answer is taken to be what it is declared to be.
                let declared = hierarchy.site_systems.get(other);
                let is_other = declared.is_some_and(|declared| {
                    declared.site != it.settings.site
                        || hierarchy.sites[&declared.site].site_server != *other
                });
                if is_other && self.unknown.contains(other) {
                    continue;
                }
                let replaced = hierarchy.sites.contains_key(code);
                assert!(replaced || it.settings.site != *code, "`{other}` is still there");
                assert!(replaced || below != Some(code), "`{other}` is still below");
            }
        }
        self.systems.remove(name);
        self.catalogs.remove(name);
        self.secured.remove(name);
        if !self.systems.values().any(|it| it.settings.site == *code && it.site_server.is_some()) {
            self.databases.remove(code);
        }
    }
}

/// The ID of a package; without a document it goes by that.
fn package_id(hierarchy: &Hierarchy, name: &Name) -> PackageId {
    match hierarchy.packages.get(name) {
        Some(package) => package.id.clone(),
        None => name.as_str().to_ascii_uppercase().parse().unwrap(),
    }
}

fn open(port: headwater::model::Port) -> Listener {
    Listener::Open(format!("127.0.0.1:{port}"))
}
