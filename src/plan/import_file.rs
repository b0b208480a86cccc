//! The file of `source: Import`: whether the one that is wanted is the one that was imported.

use std::path::{Path, PathBuf};

use crate::model::{Hierarchy, Kind, Known, Observed, ResourceId, UpdatePoint, UpdatePointState};

use super::{planner::Planner, update_points::PointOfSite};

/// Whether the wanted file has the place that the imported one has in another checkout. What it
/// holds is known once the point looks there: it is imported if that is not what was imported.
pub(super) fn in_other_checkout(point: &UpdatePoint, state: &UpdatePointState) -> bool {
    moved(point, state).unwrap_or(false)
}

/// A hierarchy whose manifests were read on another computer than that of its site systems, as these
/// see it: an import file that a manifest names from where it stands itself is where it was among
/// their manifests. What it holds there is not known here.
pub fn seen_from_elsewhere(mut hierarchy: Hierarchy, observed: &Observed) -> Hierarchy {
    for (name, point) in &mut hierarchy.update_points {
        let system = observed.site_systems.get(&point.site_system).and_then(Known::present);
        let state = system.and_then(|system| system.update_point.as_ref());
        if let Some(state) = state.filter(|state| state.name == *name)
            && in_other_checkout(point, state)
        {
            point.settings.source.file.clone_from(&state.settings.source.file);
        }
    }
    hierarchy
}

/// None where there are no two files to compare.
fn moved(point: &UpdatePoint, state: &UpdatePointState) -> Option<bool> {
    let mut source = state.settings.source.clone();
    let before = source.file.take()?;
    let wanted = point.settings.source.file.as_ref()?;
    source.file = Some(wanted.clone());
    if before == *wanted || source != point.settings.source {
        return Some(false);
    }
    let place = point.file_in_checkout.as_deref()?;
    let (one, other) = (checkout(&before, place)?, checkout(wanted, place)?);
    // One inside the other: a directory of the same checkout.
    if one.starts_with(&other) || other.starts_with(&one) {
        return Some(false);
    }
    let last = state.last_synchronization.as_ref()?;
    Some(match &state.import_file {
        Some(present) => Some(present.digest) == last.imported,
        // It is gone with its checkout; what it held is in the catalog.
        None => last.imported.is_some() && last.from == before,
    })
}

/// The directory below which a file has a place.
fn checkout(file: &str, place: &Path) -> Option<PathBuf> {
    let file = Path::new(file);
    let directory = file.ancestors().nth(place.components().count())?;
    file.ends_with(place).then(|| directory.to_owned())
}

impl Planner<'_> {
    /// Says that the point looks at another checkout from now on, and what comes of that.
    pub(super) fn tell_of_other_checkout(&mut self, it: PointOfSite<'_>) {
        let Some(state) = self.update_point(it.name, it.point) else { return };
        if !in_other_checkout(it.point, state) {
            return;
        }
        let file = |file: &Option<String>| file.clone().unwrap_or_default();
        let message = format!(
            "`{}` is not looked at yet: it has the place of `{}`, which was imported, and is \
             imported as soon as the point sees that it holds something else",
            file(&it.point.settings.source.file),
            file(&state.settings.source.file)
        );
        self.tell("SYNC-7", ResourceId::new(Kind::SoftwareUpdatePoint, it.name), message);
    }
}
