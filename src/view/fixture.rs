//! What tests of several tables begin with.

use super::UpdatePointStatus;
use crate::model::{Listener, UpdatePointRole};

impl UpdatePointStatus {
    /// An active point of which nothing else is known.
    pub(super) fn active(site: &str, name: &str) -> Self {
        Self {
            site: site.parse().unwrap(),
            name: name.parse().unwrap(),
            role: UpdatePointRole::Active,
            catalog_version: None,
            updates: 0,
            site_database_version: None,
            waiting: None,
            last_synchronization: None,
            listener: Listener::Open(String::new()),
            https: None,
            status_message: None,
            downstream_servers: Vec::new(),
            content: None,
        }
    }
}
