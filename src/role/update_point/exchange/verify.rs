//! What has to be true of a file before anything of it is stored: every document is an update, is
//! there once, is the one that it is said to be, and comes after its prerequisites, which are in
//! the file or in the catalog.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use uuid::Uuid;

use super::{super::UpdatePointError, ImportError, opened::Opened};
use crate::{
    model::UpdateIdentity,
    store::catalog::Catalog,
    wire::{
        export_file::{ExportError, MAX_EXPORT_DOCUMENTS},
        server_sync::DeploymentResult,
        update_content::UpdateContent,
        update_document::{PrerequisiteGroup, UpdateDocument, UpdateIndex},
    },
};

/// A prerequisite that had not come when the update that names it came.
struct Unmet {
    identity: UpdateIdentity,
    group: PrerequisiteGroup,
}

/// What stands beside the documents of a file that was verified.
pub(super) struct Verified {
    pub(super) files: Vec<UpdateContent>,
    pub(super) approvals: Option<DeploymentResult>,
}

/// Verifies the file.
pub(super) fn verify(
    opened: &mut Opened<'_>,
    catalog: &Catalog,
    path: &Path,
) -> Result<Verified, UpdatePointError> {
    // Read only, so that what cannot be read is found now.
    opened.languages()?;
    opened.each_location(&mut |_| Ok(()))?;
    let approvals = opened.approvals()?;
    let files = opened.contents()?;
    // Those that no document has named so far.
    let mut stray: BTreeMap<_, _> = files.iter().map(|it| (it.name.sha1(), it)).collect();
    let mut seen: BTreeSet<UpdateIdentity> = BTreeSet::new();
    let mut unmet: Option<Unmet> = None;
    opened.each_document(&mut |identity, text| {
        let index = index(path, identity, text)?;
        for named in index.files.iter().filter_map(UpdateContent::of) {
            if stray.get(&named.name.sha1()).is_some_and(|it| is_that(it, &named)) {
                stray.remove(&named.name.sha1());
            }
        }
        if seen.len() >= MAX_EXPORT_DOCUMENTS {
            let (path, source) = (path.to_owned(), ExportError::TooMany(MAX_EXPORT_DOCUMENTS));
            return Err(ImportError::Export { path, source }.into());
        }
        if !seen.insert(identity) {
            return Err(ImportError::Repeated { path: path.to_owned(), identity }.into());
        }
        for group in index.prerequisites {
            let is_met =
                unmet.is_some() || came(&seen, &group) || catalog.holds_any(&group.any_of)?;
            if !is_met {
                unmet = Some(Unmet { identity, group });
            }
        }
        Ok(())
    })?;
    let Some(Unmet { identity, group }) = unmet else {
        for (sha1, file) in stray {
            if !catalog.described_file(sha1)?.is_some_and(|it| is_that(file, &it)) {
                let (path, name) = (path.to_owned(), file.name.clone());
                return Err(ImportError::StrayFile { path, name }.into());
            }
        }
        return Ok(Verified { files, approvals });
    };
    let path = path.to_owned();
    let prerequisite = group.any_of.first().copied().unwrap_or_default();
    Err(if came(&seen, &group) {
        ImportError::OutOfOrder { path, identity, prerequisite }
    } else {
        ImportError::PrerequisiteMissing { path, identity, prerequisite }
    }
    .into())
}

/// Whether a file that is there is the one that a document names: nothing that contradicts it.
fn is_that(there: &UpdateContent, named: &UpdateContent) -> bool {
    let sha256 = [there.sha256, named.sha256];
    there.size == named.size && (sha256.contains(&None) || there.sha256 == named.sha256)
}

/// What a document says of itself, which has to be what the file says that it is.
pub(super) fn index(
    path: &Path,
    identity: UpdateIdentity,
    text: &str,
) -> Result<UpdateIndex, ImportError> {
    let document = |source| ImportError::Document { path: path.to_owned(), identity, source };
    let index = UpdateDocument::index(text).map_err(document)?;
    if index.identity != identity {
        let (path, found) = (path.to_owned(), index.identity);
        return Err(ImportError::OtherIdentity { path, identity, found });
    }
    Ok(index)
}

/// Whether any member of the group has come, in any revision. One that nothing can satisfy is the
/// publisher's affair.
fn came(seen: &BTreeSet<UpdateIdentity>, group: &PrerequisiteGroup) -> bool {
    let revisions = |update_id: &Uuid| {
        let of = |revision| UpdateIdentity { update_id: *update_id, revision };
        seen.range(of(i32::MIN)..=of(i32::MAX)).next().is_some()
    };
    group.any_of.is_empty() || group.any_of.iter().any(revisions)
}
