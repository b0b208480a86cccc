//! Which files are wanted by the settings, and which are not any more.

use std::collections::BTreeSet;

use crate::{
    clock,
    content::UpdateFiles,
    error_text::with_causes,
    model::{ContentStore, UpdateContentSpec, UpdatePointSettings, UpdateSelection},
    role::update_point::{UpdatePointError, titles::Offered},
    store::catalog::{Catalog, ChosenUpdates},
    wire::{update_content::Sha1, update_document::PublishedFile},
};

/// Brings what the catalog knows of files up to the settings and to what is here, and removes what
/// nothing has wanted for long. Blocks.
pub(in crate::role::update_point) fn choose(
    catalog: &Catalog,
    files: &UpdateFiles,
    settings: &UpdatePointSettings,
) -> Result<(), UpdatePointError> {
    choose_for_packages(catalog, settings)?;
    let UpdateContentSpec { store, updates } = &settings.content;
    let now = clock::now();
    let updates = match store {
        ContentStore::None => None,
        ContentStore::Approved => Some(chosen(catalog, updates.as_ref(), true)?),
        ContentStore::Selected => Some(chosen(catalog, updates.as_ref(), false)?),
    };
    catalog.choose_content(updates.as_ref(), now)?;
    catalog.reconcile_content(|wanted| files.has(wanted))?;
    // Nobody else has the files of local publishers (SYNC-10).
    let local = catalog.local_publications()?;
    let local = local.iter().flat_map(|it| &it.files).filter_map(PublishedFile::content);
    let local: BTreeSet<Sha1> = local.map(|it| it.name.sha1()).collect();
    loop {
        let overdue = catalog.overdue_content(now, settings.source.is_another_server())?;
        if overdue.is_empty() {
            return Ok(());
        }
        for (_, sha1) in overdue.iter().filter(|(_, sha1)| !local.contains(sha1)) {
            files.remove(*sha1)?;
        }
        let numbers: Vec<_> = overdue.into_iter().map(|(number, _)| number).collect();
        catalog.forget_content(&numbers)?;
    }
}

/// Finds the files of updates that packages are made of, where the catalog or what is selected has
/// changed. Blocks.
fn choose_for_packages(
    catalog: &Catalog,
    settings: &UpdatePointSettings,
) -> Result<(), UpdatePointError> {
    catalog.forget_other_packages(settings.packages.keys())?;
    for (package, selection) in &settings.packages {
        if catalog.has_package_files(package, selection)? {
            continue;
        }
        let updates = match chosen(catalog, Some(selection), false) {
            Ok(updates) => Ok(updates),
            // A title that nothing has is no reason to leave the other packages alone.
            Err(error @ UpdatePointError::Title(_)) => Err(with_causes(&error)),
            Err(error) => return Err(error),
        };
        catalog.find_package_files(package, selection, &updates)?;
    }
    Ok(())
}

/// The updates that a selection means.
fn chosen(
    catalog: &Catalog,
    selection: Option<&UpdateSelection>,
    approved: bool,
) -> Result<ChosenUpdates, UpdatePointError> {
    let Some(UpdateSelection { classifications, products, kb, since }) = selection else {
        return Ok(ChosenUpdates { approved, ..ChosenUpdates::default() });
    };
    let offered = if products.is_empty() && classifications.is_empty() {
        Offered::default()
    } else {
        Offered::by(catalog)?
    };
    let of_products = offered.products(products)?.into_iter().collect();
    let of_classifications = offered.classifications(classifications)?.into_iter().collect();
    Ok(ChosenUpdates {
        approved,
        products: (!products.is_empty()).then_some(of_products),
        classifications: (!classifications.is_empty()).then_some(of_classifications),
        articles: kb.iter().map(ToString::to_string).collect(),
        created_since: since.map(jiff::Timestamp::as_second),
    })
}
