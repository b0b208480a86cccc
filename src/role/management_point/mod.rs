//! The management point of a site, as far as its clients read their policy there (SYNC-9, PORT-2): a
//! port of the site server with one signed document.

mod error;
mod point;
mod serving;

#[cfg(test)]
mod tests;

pub use error::ManagementPointError;
pub use point::ManagementPoint;
