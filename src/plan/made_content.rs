//! Packages whose content the site makes: of the files of updates, which the active update point of the
//! site has, and the offline catalog of the site, every so often (SYNC-11).

use jiff::Timestamp;

use crate::model::{
    Digest, Interval, Kind, Name, Package, PackageFilesState, TakenSource, UpdatePointState,
};

use super::planner::Planner;

/// How the content of a package stands to what it is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum MadeContent {
    /// It is what it shall be, or not made at all: a directory is taken in by its version.
    AsWanted,
    /// It has to be made, for this reason. `differs`: what is there then is not what is there now.
    Due { reason: String, differs: Option<Digest> },
    /// It cannot be made now.
    Waits { on: String, chosen: bool },
}

impl MadeContent {
    fn waits(on: impl Into<String>) -> Self {
        Self::Waits { on: on.into(), chosen: false }
    }
}

impl Planner<'_> {
    /// How the content of a package stands to what it is made of.
    pub(super) fn made(&self, package: &Package) -> MadeContent {
        let source = &package.source;
        if source.updates.is_none() && !source.legacy_catalog {
            return MadeContent::AsWanted;
        }
        let Some(site) = self.hierarchy.sites.get(&package.site) else {
            return MadeContent::AsWanted;
        };
        let Some(name) = &site.active_point else {
            let on = format!("site {} has no active software update point", package.site);
            return MadeContent::waits(on);
        };
        if let Some(chosen) = self.held(Kind::SoftwareUpdatePoint, name) {
            let on = format!("software update point `{name}` has to be there");
            return MadeContent::Waits { on, chosen };
        }
        let taken = self.site_server(&package.site).and_then(|it| {
            let there = it.packages.contains_key(&package.id);
            it.package_origins.get(&package.id).filter(|_| there).map(|origin| &origin.source)
        });
        let declared = self.hierarchy.update_points.get(name);
        let point = declared.and_then(|point| self.update_point(name, point));
        if source.legacy_catalog {
            let settings = &site.settings.legacy_catalog;
            if !settings.enabled {
                let on = format!("`legacyCatalog` of site {} is not enabled", package.site);
                return MadeContent::Waits { on, chosen: true };
            }
            return self.catalog(name, point, settings.every, taken);
        }
        // What was found for another selection says nothing.
        let id = &package.id;
        let found = point
            .filter(|it| it.settings.packages.get(id) == source.updates.as_ref())
            .and_then(|it| it.packages.get(id));
        of_updates(name, found, taken)
    }

    /// The offline catalog: it is made again when so much time has passed (SYNC-11).
    fn catalog(
        &self,
        name: &Name,
        point: Option<&UpdatePointState>,
        every: Interval,
        taken: Option<&TakenSource>,
    ) -> MadeContent {
        if point.is_none_or(|it| it.catalog_version.is_none()) {
            let on = format!("software update point `{name}` has to synchronize first");
            return MadeContent::waits(on);
        }
        let produced = match taken {
            Some(TakenSource::LegacyCatalog(produced)) => produced.at,
            _ => None,
        };
        let due = |reason| MadeContent::Due { reason, differs: None };
        let Some(at) = produced else {
            return due("the offline catalog of the site has not been produced yet".to_owned());
        };
        let next = at.saturating_add(every.duration()).unwrap_or(Timestamp::MAX);
        // What was produced in the future was produced by another clock.
        if at <= self.now && next > self.now {
            return MadeContent::AsWanted;
        }
        due(format!("the offline catalog was produced at {at}, and is due every {every}"))
    }
}

fn of_updates(
    name: &Name,
    found: Option<&PackageFilesState>,
    taken: Option<&TakenSource>,
) -> MadeContent {
    let Some(PackageFilesState { digest, files, missing, outdated, hindrance, .. }) = found else {
        let on = format!("software update point `{name}` has to look for the files of its updates");
        return MadeContent::waits(on);
    };
    if let Some(why) = hindrance {
        return MadeContent::waits(format!("software update point `{name}`: {why}"));
    }
    if *outdated {
        let on = format!("software update point `{name}` looks for the files of its updates");
        return MadeContent::waits(on);
    }
    let held = match taken {
        Some(TakenSource::Updates(taken)) => taken.files,
        _ => None,
    };
    if held == Some(*digest) {
        return MadeContent::AsWanted;
    }
    if *files == 0 {
        let on = format!("no update that it selects has files at software update point `{name}`");
        return MadeContent::waits(on);
    }
    if *missing > 0 {
        let on = format!(
            "files of its updates are still to come to software update point `{name}`: \
             `headwater status` shows what is missing"
        );
        return MadeContent::waits(on);
    }
    let (reason, differs) = if held.is_some() {
        ("its updates have other files now", Some(*digest))
    } else {
        ("the files of its updates have not been taken in yet", None)
    };
    MadeContent::Due { reason: reason.to_owned(), differs }
}
