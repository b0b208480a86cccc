//! The reverse of what was done: from what there is now back to what there was.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::{Adopted, AdoptionNote, Beside, adopt};
use crate::{
    model::{
        CONTENT, Declared, Digest, Facts, Hierarchy, Kind, Known, Name, Observed, ObservedSystem,
        PackageId, PackageState, Placed, ResourceId, SiteCode, Unresolved,
    },
    plan::{Basis, Inputs, PlanDiagnostic, SavedPlan, plan, planned_documents},
};

/// What was done, by what there was before and what there is after.
#[derive(Debug, Clone, Copy)]
pub struct Done<'a> {
    /// What there was.
    pub before: &'a Observed,
    /// What there is.
    pub after: &'a Observed,
    /// The documents that were applied: what was not seen before is taken from them.
    pub documents: &'a Declared,
    /// The admin addresses of agents on computers of their own.
    pub remote: &'a BTreeMap<Name, String>,
    /// The time.
    pub now: Timestamp,
}

/// A plan that brings back what there was. It is made of a description of that, not of manifests;
/// what cannot be brought back is among its diagnostics.
///
/// # Errors
///
/// What there was cannot be described: something in it refers to what was not seen.
pub fn undo<'a>(done: &Done<'a>) -> Result<SavedPlan<'a>, Unresolved> {
    let Done { before, after, documents, remote, now } = *done;
    let Adopted { mut declared, notes, taken_over } =
        adopt(before, Beside { remote, documents: Some(documents) });
    expect_content(&mut declared, before);
    // The way back is planned as if they were open, and obeys them when it is applied.
    declared.maintenance_windows = documents.maintenance_windows.clone();
    keep_windows_of_sites_there(&mut declared);
    let hierarchy = Hierarchy::resolve(&declared)?.outside_windows();
    let documents = planned_documents(&declared);
    let manifest_digest = Digest::of_json(&documents);
    let inputs = Inputs { hierarchy: &hierarchy, manifest_digest, observed: after, now };
    let mut plan = plan(inputs);
    let mut diagnostics = Vec::new();
    for AdoptionNote { resource, message } in notes {
        let message = format!("{message} (as it was before)");
        diagnostics.push(PlanDiagnostic { rule: "REC-3".to_owned(), message, resource });
    }
    diagnostics.extend(taken_over.into_iter().filter_map(|it| stays(it, before, after)));
    diagnostics.extend(grown_catalogs(before, after));
    diagnostics.extend(what_stays(before, after));
    diagnostics.extend(other_content(before, after, &hierarchy));
    diagnostics.extend(came_on_demand(before, after, &hierarchy));
    plan.diagnostics.splice(0..0, diagnostics);
    let facts = Facts::of(after);
    let (paths, remote) = (Vec::new(), remote.clone());
    Ok(SavedPlan { plan, basis: Basis { planned_at: now, paths, documents, remote, facts } })
}

/// Leaves out of maintenance windows which sites were not there.
fn keep_windows_of_sites_there(declared: &mut Declared) {
    let Declared { sites, maintenance_windows, .. } = declared;
    maintenance_windows.retain(|_, window| {
        let for_all = window.spec.sites.is_empty();
        window.spec.sites.retain(|site| sites.contains_key(site));
        for_all || !window.spec.sites.is_empty()
    });
}

/// A role that was not there before, but that something that was there refers to: as long as it does,
/// the role is not removed.
fn stays(resource: ResourceId, before: &Observed, after: &Observed) -> Option<PlanDiagnostic> {
    let name = &resource.name;
    let there = |observed: &Observed| match resource.kind {
        Kind::SoftwareUpdatePoint => observed.update_point(name).is_some(),
        Kind::DistributionPoint => observed.distribution_point(name).is_some(),
        _ => observed.site_systems.get(name).and_then(Known::present).is_some(),
    };
    (there(after) && !there(before)).then(|| PlanDiagnostic {
        rule: "REC-4".to_owned(),
        message: "it was not there before, and stays: what was there refers to it".to_owned(),
        resource,
    })
}

/// Catalogs that hold more than they did: no synchronization takes anything out of one.
fn grown_catalogs(before: &Observed, after: &Observed) -> Vec<PlanDiagnostic> {
    let mut told = Vec::new();
    for (system, state) in before.present() {
        let now = after.site_systems.get(system).and_then(Known::present);
        let (Some(point), Some(now)) =
            (&state.update_point, now.and_then(|now| now.update_point.as_ref()))
        else {
            continue;
        };
        if point.catalog_version == now.catalog_version {
            continue;
        }
        let message = format!(
            "its catalog held {} revisions and holds {} now: it keeps them, because a catalog only \
             grows",
            point.revisions, now.revisions
        );
        let resource = ResourceId::new(Kind::SoftwareUpdatePoint, &point.name);
        told.push(PlanDiagnostic { rule: "SYNC-4".to_owned(), message, resource });
    }
    told
}

/// What nothing takes back: the policy of clients that had none before, and the console.
fn what_stays(before: &Observed, after: &Observed) -> Vec<PlanDiagnostic> {
    let mut told = Vec::new();
    for (system, state) in before.present() {
        let Some(now) = after.site_systems.get(system).and_then(Known::present) else { continue };
        if now.administration_console && !state.administration_console {
            let message = "the WSUS administration console was installed, and stays".to_owned();
            let resource = ResourceId::new(Kind::SiteSystem, system);
            told.push(PlanDiagnostic { rule: "SUP-3".to_owned(), message, resource });
        }
        let policy = |state: &ObservedSystem| {
            state.site_server.as_ref().is_some_and(|server| server.client_policy.is_some())
        };
        if let Some(site) = state.settings.site_server.as_ref().filter(|_| !policy(state))
            && policy(now)
        {
            let message = "its clients had not been told of a WSUS server and have been now: that \
                           is not taken back"
                .to_owned();
            let resource = ResourceId::new(Kind::Site, &site.name);
            told.push(PlanDiagnostic { rule: "SYNC-9".to_owned(), message, resource });
        }
    }
    told
}

/// What packages held: nothing else comes back under the version that it had.
fn expect_content(declared: &mut Declared, before: &Observed) {
    let held = packages(before);
    let held: BTreeMap<&PackageId, Digest> =
        held.into_iter().map(|((_, id), package)| (id, package.digest)).collect();
    for package in declared.packages.values_mut() {
        if let Some(digest) = held.get(&package.spec.package_id) {
            package.metadata.annotations.insert(CONTENT.to_owned(), digest.to_string());
        }
    }
}

/// Packages of which site servers do not hold any more what they held: their source is read again,
/// and may have changed or be gone.
fn other_content(
    before: &Observed,
    after: &Observed,
    hierarchy: &Hierarchy,
) -> Vec<PlanDiagnostic> {
    let held = packages(after);
    let described: BTreeMap<_, _> =
        hierarchy.packages.iter().map(|(name, it)| (&it.id, (name, it))).collect();
    let mut told = Vec::new();
    for ((site, id), package) in packages(before) {
        let now = held.get(&(site, id));
        if now.is_some_and(|now| now.version == package.version && now.digest == package.digest) {
            continue;
        }
        let Some((name, described)) = described.get(id) else { continue };
        let message = format!(
            "the site server of {site} reads version {} again, from {}: put back there what it held, \
             {}, before this is applied, because nothing else is taken",
            package.version,
            described.source.path.as_deref().unwrap_or("nowhere"),
            package.digest
        );
        let resource = ResourceId::new(Kind::Package, name);
        told.push(PlanDiagnostic { rule: "PDP-15".to_owned(), message, resource });
    }
    told
}

/// Packages that came to distribution points where they were on demand: they stay, as what a client has
/// asked for does.
fn came_on_demand(
    before: &Observed,
    after: &Observed,
    hierarchy: &Hierarchy,
) -> Vec<PlanDiagnostic> {
    let described: BTreeMap<_, _> =
        hierarchy.packages.iter().map(|(name, it)| (&it.id, name)).collect();
    let mut points: BTreeMap<&Name, usize> = BTreeMap::new();
    for change in after.libraries.changes_since(&before.libraries) {
        if let (Some(Placed::OnDemand(_)), Some(Placed::Held(..))) = (change.before, change.after)
            && let Some(name) = described.get(change.package)
        {
            *points.entry(name).or_default() += 1;
        }
    }
    let told = points.into_iter().map(|(name, number)| PlanDiagnostic {
        rule: "PDP-3".to_owned(),
        message: format!(
            "it was on demand at {number} of the distribution points that hold it now, and stays there"
        ),
        resource: ResourceId::new(Kind::Package, name),
    });
    told.collect()
}

/// What the site servers hold, by site and package.
fn packages(observed: &Observed) -> BTreeMap<(&SiteCode, &PackageId), &PackageState> {
    let servers = observed.present().filter_map(|(_, state): (_, &ObservedSystem)| {
        Some((&state.settings.site, state.site_server.as_ref()?))
    });
    servers
        .flat_map(|(site, it)| it.packages.iter().map(move |(id, it)| ((site, id), it)))
        .collect()
}
