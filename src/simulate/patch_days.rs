//! Packages of patch days: made up, and declared like any other.

use std::collections::BTreeMap;

use super::{Scenario, at::At};
use crate::model::{
    Hierarchy, Name, Package, PackageId, PackageSource, PointSet, Priority, SiteCode,
};

/// Adds the packages of the patch days of a scenario to a hierarchy.
pub(super) fn add_patch_days(
    hierarchy: &mut Hierarchy,
    scenario: &Scenario,
    releases: &mut BTreeMap<PackageId, At>,
    sizes: &mut BTreeMap<PackageId, u64>,
) {
    if scenario.faults.patch_days.is_empty() {
        return;
    }
    let top = hierarchy.sites.iter().find(|(_, site)| site.parent.is_none());
    let sets = hierarchy.packages.values().map(|package| package.distribute_to.clone());
    let (Some((site, _)), Some(all)) = (top, sets.reduce(|all, more| all.with(&more))) else {
        return;
    };
    let site = site.clone();
    let mut number = 0;
    for day in &scenario.faults.patch_days {
        let bytes = day.size.unwrap_or(scenario.defaults.package).bytes();
        for _ in 0..day.packages {
            let Some((name, id)) = free(hierarchy, &site, &mut number) else { return };
            releases.insert(id.clone(), At::after(day.at.duration()));
            sizes.insert(id.clone(), bytes);
            hierarchy.packages.insert(name, package(id, &site, &all));
        }
    }
}

/// The next name and ID that no package has.
fn free(hierarchy: &Hierarchy, site: &SiteCode, number: &mut u32) -> Option<(Name, PackageId)> {
    loop {
        *number += 1;
        // One letter and four digits behind the code of the site.
        if *number > 9_999 {
            return None;
        }
        let name: Name = format!("patch-{number:04}").parse().ok()?;
        let id: PackageId = format!("{site}P{number:04}").parse().ok()?;
        let taken = hierarchy.packages.values().any(|package| package.id == id);
        if !taken && !hierarchy.packages.contains_key(&name) {
            return Some((name, id));
        }
    }
}

fn package(id: PackageId, site: &SiteCode, to: &PointSet) -> Package {
    Package {
        id,
        site: site.clone(),
        display_name: None,
        version: 1,
        source: PackageSource::directory("/made/up"),
        written_path: None,
        content: None,
        distribute_to: to.clone(),
        priority: Priority::Medium,
        suspended: false,
    }
}
