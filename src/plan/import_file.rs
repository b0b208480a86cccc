//! The file of `source: Import`: whether the one that is wanted is the one that was imported.

use std::path::{Path, PathBuf};

use crate::model::{Kind, ResourceId, UpdatePoint, UpdatePointState};

use super::{planner::Planner, update_points::PointOfSite};

/// How the file that is wanted is to the one that was imported, where their paths differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Elsewhere {
    /// The same place of another checkout, and the file that was imported is still as it was.
    Same,
    /// The same place of another checkout; the file that was imported is gone. What it held is in
    /// the catalog, and the other file is compared with that once the point knows of it.
    Gone,
}

impl Elsewhere {
    /// None where it is another file, or the same path.
    pub(super) fn of(point: &UpdatePoint, state: &UpdatePointState) -> Option<Self> {
        let mut source = state.settings.source.clone();
        let before = source.file.take()?;
        let wanted = point.settings.source.file.as_ref()?;
        source.file = Some(wanted.clone());
        if before == *wanted || source != point.settings.source {
            return None;
        }
        let place = point.file_in_checkout.as_deref()?;
        let (one, other) = (checkout(&before, place)?, checkout(wanted, place)?);
        // One inside the other: a directory of the same checkout.
        if one.starts_with(&other) || other.starts_with(&one) {
            return None;
        }
        let last = state.last_synchronization.as_ref()?;
        match &state.import_file {
            Some(present) => (Some(present.digest) == last.imported).then_some(Self::Same),
            None => (last.imported.is_some() && last.from == before).then_some(Self::Gone),
        }
    }

    /// Whether the settings that a point has are the wanted ones, but for the path to the same file.
    pub(super) fn settled(point: &UpdatePoint, state: &UpdatePointState) -> bool {
        let mut settings = state.settings.clone();
        settings.source.file.clone_from(&point.settings.source.file);
        settings == point.settings && Self::of(point, state) == Some(Self::Same)
    }
}

/// The directory below which a file has a place.
fn checkout(file: &str, place: &Path) -> Option<PathBuf> {
    let file = Path::new(file);
    let directory = file.ancestors().nth(place.components().count())?;
    file.ends_with(place).then(|| directory.to_owned())
}

impl Planner<'_> {
    /// Says that a file of another checkout is taken for the one that was imported.
    pub(super) fn tell_of_other_checkout(&mut self, it: PointOfSite<'_>) {
        let Some(state) = self.update_point(it.name, it.point) else { return };
        if !Elsewhere::settled(it.point, state) {
            return;
        }
        let file = |file: &Option<String>| file.clone().unwrap_or_default();
        let message = format!(
            "`{}` is taken for what was imported from `{}`, which is as it was then: if it holds \
             something else, give it another name",
            file(&it.point.settings.source.file),
            file(&state.settings.source.file)
        );
        self.tell("SYNC-7", ResourceId::new(Kind::SoftwareUpdatePoint, it.name), message);
    }
}
