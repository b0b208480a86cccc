//! What people ask of a catalog: which updates it holds, and everything about one of them.

use std::sync::Arc;

use uuid::Uuid;

use super::{UpdatePoint, UpdatePointError, titles::Offered};
use crate::{
    blocking::blocking,
    store::catalog::{Catalog, Search},
    wire::updates::{FoundUpdates, UpdateDetails, UpdatesQuery},
};

impl UpdatePoint {
    /// The updates of its catalog that a query finds, the one that was stored last first.
    ///
    /// # Errors
    ///
    /// A title of a product or classification means nothing or several of them, or the catalog cannot
    /// be read.
    pub async fn updates(&self, query: UpdatesQuery) -> Result<FoundUpdates, UpdatePointError> {
        let catalog = Arc::clone(self.catalog());
        blocking(move || Ok(catalog.search(&search(&catalog, query)?)?)).await
    }

    /// A revision of an update, or its newest one; `None` if it is not there.
    ///
    /// # Errors
    ///
    /// The catalog cannot be read, or the update's document is damaged.
    pub async fn update(
        &self,
        update_id: Uuid,
        revision: Option<i32>,
    ) -> Result<Option<UpdateDetails>, UpdatePointError> {
        let catalog = Arc::clone(self.catalog());
        blocking(move || Ok(catalog.details(update_id, revision)?)).await
    }
}

fn search(catalog: &Catalog, query: UpdatesQuery) -> Result<Search, UpdatePointError> {
    let offered = if query.products.is_empty() && query.classifications.is_empty() {
        Offered::default()
    } else {
        Offered::by(catalog)?
    };
    let products = offered.products(&query.products)?.into_iter().collect::<Vec<_>>();
    let classifications = offered.classifications(&query.classifications)?.into_iter().collect();
    Ok(Search {
        words: query.words,
        types: query.types,
        products: (!query.products.is_empty()).then_some(products),
        classifications: (!query.classifications.is_empty()).then_some(classifications),
        created_since: query.created_since.map(jiff::Timestamp::as_second),
        without_superseded: query.without_superseded,
        without_expired: query.without_expired,
        before: query.before,
        limit: query.limit,
    })
}
