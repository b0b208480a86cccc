//! What is asked for: products and classifications by title or identifier (SUP-8, SUP-9).

use std::collections::BTreeSet;

use uuid::Uuid;

use crate::{
    model::{Selection, UpdatePointSettings},
    role::update_point::titles::{Offered, TitleError},
    store::catalog::{CategoryTitle, Selected, UpstreamAnchor},
    wire::server_sync::{Filter, IdAndDelta},
};

/// What the settings select. Points that choose nothing take all that their upstream server has;
/// with one list alone, the other one is everything.
pub(super) fn selected(
    settings: &UpdatePointSettings,
    offered: &Offered,
    before: Option<&UpstreamAnchor>,
) -> Result<Selected, TitleError> {
    let UpdatePointSettings { products, classifications, .. } = settings;
    if products.is_empty() && classifications.is_empty() {
        return Ok(Selected::default());
    }
    let mut categories = or_all(offered.products(products)?, products, &offered.products);
    let classes = offered.classifications(classifications)?;
    let mut classes = or_all(classes, classifications, &offered.classifications);
    if settings.selection == Selection::AtLeast
        && let Some(before) = before
    {
        categories.extend(before.selected.categories.iter().flatten());
        classes.extend(before.selected.classifications.iter().flatten());
    }
    categories.retain(|id| !offered.local.contains(id));
    Ok(Selected { categories: Some(categories), classifications: Some(classes) })
}

/// The filter that asks for `selected`, given what was asked for before.
pub(super) fn filter(selected: &Selected, before: Option<&UpstreamAnchor>) -> Filter {
    // What was filtered before and no longer is must be listed from the beginning.
    let before =
        before.filter(|it| it.selected == Selected::default() || *selected != Selected::default());
    let items = |now: &Option<BTreeSet<Uuid>>, then: Option<&Option<BTreeSet<Uuid>>>| {
        now.as_ref().map(|ids| {
            let item = |id: &Uuid| {
                // Everything had been listed, or this had.
                let delta =
                    then.is_some_and(|then| then.as_ref().is_none_or(|listed| listed.contains(id)));
                IdAndDelta { id: *id, delta }
            };
            ids.iter().map(item).collect()
        })
    };
    Filter {
        anchor: before.map(|it| it.anchor.clone()),
        get_config: false,
        categories: items(&selected.categories, before.map(|it| &it.selected.categories)),
        classifications: items(
            &selected.classifications,
            before.map(|it| &it.selected.classifications),
        ),
        languages: None,
    }
}

/// What these titles mean; with none of them, everything.
fn or_all(chosen: BTreeSet<Uuid>, wanted: &[String], offered: &[CategoryTitle]) -> BTreeSet<Uuid> {
    if wanted.is_empty() { offered.iter().map(|it| it.id).collect() } else { chosen }
}
