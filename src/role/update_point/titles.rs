//! Products and classifications that people name by title or identifier (SUP-8, SUP-9).

use std::collections::BTreeSet;

use uuid::Uuid;

use crate::{
    check::closest,
    model::product_id,
    store::{
        StoreError,
        catalog::{Catalog, CategoryTitle},
    },
    wire::update_document::CategoryType,
};

/// Why a title means nothing, or too much.
#[derive(Debug, thiserror::Error)]
pub enum TitleError {
    /// A title that the catalog does not offer.
    #[error(
        "there is no {what} `{title}`{}: write its title as the catalog does, or its identifier \
         (`headwater updates list --type category` lists them)",
        .near.as_ref().map(|near| format!(" (did you mean `{near}`?)")).unwrap_or_default()
    )]
    Unknown {
        /// `product` or `classification`.
        what: &'static str,
        /// The title.
        title: String,
        /// A title that is there and much like it.
        near: Option<String>,
    },
    /// A title that several have.
    #[error("there are {} {what}s `{title}`: write the identifier of the one that is meant, {}",
        .ids.len(), .ids.iter().map(|(id, of)| format!("{id} ({of})")).collect::<Vec<_>>().join(" or "))]
    Ambiguous {
        /// `product` or `classification`.
        what: &'static str,
        /// The title.
        title: String,
        /// Those that have it, each with what it belongs to.
        ids: Vec<(Uuid, String)>,
    },
}

/// What a catalog offers to choose from.
#[derive(Debug, Default)]
pub(super) struct Offered {
    pub(super) products: Vec<CategoryTitle>,
    pub(super) classifications: Vec<CategoryTitle>,
    /// Those among the products that are of local publishers (SYNC-10): no upstream server has them.
    pub(super) local: BTreeSet<Uuid>,
}

impl Offered {
    /// What there is in a catalog.
    pub(super) fn by(catalog: &Catalog) -> Result<Self, StoreError> {
        Ok(Self {
            products: catalog.categories(CategoryType::Product)?,
            classifications: catalog.categories(CategoryType::UpdateClassification)?,
            local: catalog
                .local_publications()?
                .iter()
                .map(|it| &it.declared.spec)
                .map(|spec| product_id(&spec.publisher, &spec.product))
                .collect(),
        })
    }

    /// The products of these titles or identifiers.
    pub(super) fn products(&self, wanted: &[String]) -> Result<BTreeSet<Uuid>, TitleError> {
        chosen("product", wanted, &self.products)
    }

    /// The classifications of these titles or identifiers.
    pub(super) fn classifications(&self, wanted: &[String]) -> Result<BTreeSet<Uuid>, TitleError> {
        chosen("classification", wanted, &self.classifications)
    }
}

fn chosen(
    what: &'static str,
    wanted: &[String],
    offered: &[CategoryTitle],
) -> Result<BTreeSet<Uuid>, TitleError> {
    wanted.iter().map(|text| one(what, text.trim(), offered)).collect()
}

fn one(what: &'static str, text: &str, offered: &[CategoryTitle]) -> Result<Uuid, TitleError> {
    // An identifier may stand for what the server does not list, such as a hidden category.
    if let Ok(id) = Uuid::try_parse(text) {
        return Ok(id);
    }
    let named = offered.iter().filter(|it| it.title.eq_ignore_ascii_case(text));
    // Several revisions of one category are one.
    let mut ids: Vec<_> = named.map(|it| (it.id, it.of.clone().unwrap_or_default())).collect();
    ids.dedup_by_key(|(id, _)| *id);
    match ids.as_slice() {
        [(id, _)] => Ok(*id),
        [] => {
            let near = closest(text, offered.iter().map(|it| it.title.as_str()));
            let near = near.map(str::to_owned);
            Err(TitleError::Unknown { what, title: text.to_owned(), near })
        }
        _ => Err(TitleError::Ambiguous { what, title: text.to_owned(), ids }),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{
        error_text::with_causes,
        role::update_point::fixture::{
            Place, category, identity, new_revisions, settings, software,
        },
    };

    fn offered() -> Offered {
        let title = |id: u128, title: &str, of: &str| CategoryTitle {
            id: Uuid::from_u128(id),
            title: title.to_owned(),
            of: Some(of.to_owned()),
        };
        Offered {
            products: vec![
                title(1, "Windows 10", "Windows"),
                title(1, "Windows 10", "Windows"),
                title(2, "Windows 10, version 1903 and later", "Windows"),
                title(3, "Windows 10, version 1903 and later", "Developer Tools"),
            ],
            ..Offered::default()
        }
    }

    fn products(wanted: &str) -> Result<BTreeSet<Uuid>, String> {
        offered().products(&[wanted.to_owned()]).map_err(|error| error.to_string())
    }

    #[test]
    fn a_title_in_any_case_or_an_identifier_means_one() {
        assert_eq!(products(" windows 10 "), Ok(BTreeSet::from([Uuid::from_u128(1)])));
        let id = Uuid::from_u128(9);
        assert_eq!(products(&id.to_string()), Ok(BTreeSet::from([id])));
    }

    #[test]
    fn a_title_that_several_have_is_refused_with_their_identifiers() {
        insta::assert_snapshot!(
            products("Windows 10, version 1903 and later").unwrap_err(),
            @"there are 2 products `Windows 10, version 1903 and later`: write the identifier of the one that is meant, 00000000-0000-0000-0000-000000000002 (Windows) or 00000000-0000-0000-0000-000000000003 (Developer Tools)"
        );
    }

    #[test]
    fn a_title_that_nobody_has_is_refused_with_a_near_one() {
        insta::assert_snapshot!(
            products("Windows 01").unwrap_err(),
            @"there is no product `Windows 01` (did you mean `Windows 10`?): write its title as the catalog does, or its identifier (`headwater updates list --type category` lists them)"
        );
        insta::assert_snapshot!(
            products("Solaris").unwrap_err(),
            @"there is no product `Solaris`: write its title as the catalog does, or its identifier (`headwater updates list --type category` lists them)"
        );
    }

    /// SUP-9: one run of a new point at the top brings the categories, and what is chosen among them.
    #[tokio::test]
    async fn categories_come_first_and_stay_where_the_choice_means_nothing() {
        let top = Place::new(json!({"type": "None"})).await;
        let offered = [
            category(100, "Product", "Windows 11"),
            category(101, "Product", "Office"),
            category(102, "Product", "Office"),
            category(200, "UpdateClassification", "Security Updates"),
            software(1, &[100, 200]),
            software(2, &[101, 200]),
            software(3, &[102, 200]),
        ];
        top.point.catalog().store_batch(&offered, &[], crate::clock::now()).unwrap();
        let new = Place::new(json!({"type": "None"})).await;
        let choose = async |product: &str| {
            let source = json!({"type": "UpstreamServer", "url": top.url()});
            let mut settings = settings(new.port, &source);
            settings.products = vec![product.to_owned()];
            new.configure_as(settings).await.unwrap();
            new.synchronize().await.map_err(|error| with_causes(&error))
        };
        let error = choose("Windows 1").await.unwrap_err();
        assert!(error.contains("did you mean `Windows 11`?"), "{error}");
        assert!(error.contains("updates list --type category"), "{error}");
        // They are there to choose from, and nothing else is.
        assert_eq!(new.count(), 4);
        assert_eq!(Offered::by(new.point.catalog()).unwrap().products.len(), 3);
        let error = choose("office").await.unwrap_err();
        let ids = [101, 102].map(|it| Uuid::from_u128(it).to_string());
        assert!(ids.iter().all(|id| error.contains(id)), "{error}");
        assert_eq!(new.count(), 4);
        assert_eq!(new_revisions(&choose("windows 11").await.unwrap()), 1);
        let known = new.point.catalog().known(&[identity(1), identity(2)]).unwrap();
        assert_eq!(known, [true, false]);
        // A point that has nothing yet needs one run for all of it.
        let other = Place::new(json!({"type": "None"})).await;
        let mut wanted = settings(other.port, &json!({"type": "UpstreamServer", "url": top.url()}));
        wanted.products = vec![ids[1].clone()];
        other.configure_as(wanted).await.unwrap();
        assert_eq!(new_revisions(&other.synchronize().await.unwrap()), 5);
    }
}
