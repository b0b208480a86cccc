//! What the catalog of an update point holds, and what is wrong with it.

mod check;
mod details;
mod list;
#[cfg(test)]
mod tests;

pub use check::{CheckedCatalog, catalog_check_json, catalog_check_schema, catalog_check_text};
pub use details::{ShownUpdate, update_json, update_schema, update_text};
pub use list::{ListedUpdates, updates_json, updates_schema, updates_text};
