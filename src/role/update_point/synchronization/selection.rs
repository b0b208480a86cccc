//! What is asked for: products and classifications by title or identifier (SUP-8, SUP-9).

use std::collections::BTreeSet;

use uuid::Uuid;

use crate::{
    model::{Selection, UpdatePointSettings},
    store::catalog::{Selected, UpstreamAnchor},
    wire::server_sync::{Filter, IdAndDelta},
};

/// Why what is selected cannot be asked for.
#[derive(Debug, thiserror::Error)]
pub enum SelectionError {
    /// A title that the catalog does not offer.
    #[error(
        "the upstream server offers no {what} `{title}`: write its title as the server does, or \
         its identifier"
    )]
    Unknown {
        /// `product` or `classification`.
        what: &'static str,
        /// The title.
        title: String,
    },
}

/// What the catalog offers, by identifier and title.
pub(super) struct Offered {
    pub(super) products: Vec<(Uuid, String)>,
    pub(super) classifications: Vec<(Uuid, String)>,
}

/// What the settings select. Points that choose nothing take all that their upstream server has;
/// with one list alone, the other one is everything.
pub(super) fn selected(
    settings: &UpdatePointSettings,
    offered: &Offered,
    before: Option<&UpstreamAnchor>,
) -> Result<Selected, SelectionError> {
    let UpdatePointSettings { products, classifications, .. } = settings;
    if products.is_empty() && classifications.is_empty() {
        return Ok(Selected::default());
    }
    let mut categories = identifiers("product", products, &offered.products)?;
    let mut classes = identifiers("classification", classifications, &offered.classifications)?;
    if settings.selection == Selection::AtLeast
        && let Some(before) = before
    {
        categories.extend(before.selected.categories.iter().flatten());
        classes.extend(before.selected.classifications.iter().flatten());
    }
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

fn identifiers(
    what: &'static str,
    wanted: &[String],
    offered: &[(Uuid, String)],
) -> Result<BTreeSet<Uuid>, SelectionError> {
    if wanted.is_empty() {
        return Ok(offered.iter().map(|(id, _)| *id).collect());
    }
    let mut found = BTreeSet::new();
    for text in wanted {
        // An identifier may stand for what the server does not list, such as a hidden category.
        if let Ok(id) = Uuid::try_parse(text.trim()) {
            found.insert(id);
            continue;
        }
        // Titles are not unique: the same title of two products means both.
        let before = found.len();
        let same = offered.iter().filter(|(_, title)| title.eq_ignore_ascii_case(text.trim()));
        let mut any = false;
        for (id, _) in same {
            any = true;
            found.insert(*id);
        }
        if !any && found.len() == before {
            return Err(SelectionError::Unknown { what, title: text.clone() });
        }
    }
    Ok(found)
}
