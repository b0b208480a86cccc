//! How far a catalog has come with each of its upstream servers (protocol §1.7).

use std::collections::BTreeSet;

use rusqlite::{OptionalExtension, params};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::Catalog;
use crate::{
    store::{StoreError, StoreProblem},
    wire::update_document::CategoryType,
};

/// What an anchor of an upstream server is about: each has its own progress.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum AnchorKind {
    /// Of `GetConfigData`.
    Languages,
    /// Of `GetRevisionIdList` with `GetConfig`.
    Configuration,
    /// Of `GetRevisionIdList` without `GetConfig`.
    Updates,
}

/// An anchor, and what had been asked for when it was given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UpstreamAnchor {
    /// Opaque: the upstream server's own.
    pub anchor: String,
    /// What the list was about.
    pub selected: Selected,
}

/// The categories and classifications of a filter; `None` where there was no filter.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Selected {
    /// Products.
    pub categories: Option<BTreeSet<Uuid>>,
    /// Classifications.
    pub classifications: Option<BTreeSet<Uuid>>,
}

impl AnchorKind {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Languages => "Languages",
            Self::Configuration => "Configuration",
            Self::Updates => "Updates",
        }
    }
}

impl Catalog {
    /// How far it has come with an upstream server.
    ///
    /// # Errors
    ///
    /// The file cannot be read.
    pub fn upstream_anchor(
        &self,
        upstream: &str,
        kind: AnchorKind,
    ) -> Result<Option<UpstreamAnchor>, StoreError> {
        self.database.read(|it| {
            let found: Option<(String, String)> = it
                .prepare_cached(
                    "SELECT anchor, selection FROM upstream_anchor
                     WHERE upstream = ?1 AND kind = ?2",
                )?
                .query_row([upstream, kind.as_str()], |row| Ok((row.get(0)?, row.get(1)?)))
                .optional()?;
            let Some((anchor, selected)) = found else { return Ok(None) };
            let selected = serde_json::from_str(&selected)
                .map_err(|_| StoreProblem::Value("the selection of an anchor"))?;
            Ok(Some(UpstreamAnchor { anchor, selected }))
        })
    }

    /// Remembers how far it has come: only once all that was listed is stored.
    ///
    /// # Errors
    ///
    /// The file cannot be written.
    pub fn set_upstream_anchor(
        &self,
        upstream: &str,
        kind: AnchorKind,
        anchor: &UpstreamAnchor,
    ) -> Result<(), StoreError> {
        self.database.write(|it| {
            let selected = serde_json::to_string(&anchor.selected)
                .map_err(|_| StoreProblem::Value("the selection of an anchor"))?;
            it.prepare_cached("INSERT OR REPLACE INTO upstream_anchor VALUES (?1, ?2, ?3, ?4)")?
                .execute(params![upstream, kind.as_str(), anchor.anchor, selected])?;
            Ok(())
        })
    }

    /// Forgets how far it has come with an upstream server: the server is not what it was.
    ///
    /// # Errors
    ///
    /// The file cannot be written.
    pub fn forget_upstream_anchors(&self, upstream: &str) -> Result<(), StoreError> {
        self.database.write(|it| {
            it.execute("DELETE FROM upstream_anchor WHERE upstream = ?1", [upstream])?;
            Ok(())
        })
    }

    /// The updates of one category type, by identifier, each with its title.
    ///
    /// # Errors
    ///
    /// The file cannot be read.
    pub fn categories(
        &self,
        category_type: CategoryType,
    ) -> Result<Vec<(Uuid, String)>, StoreError> {
        self.database.read(|it| {
            let mut statement = it.prepare_cached(
                "SELECT update_id, title FROM revision WHERE category_type = ?1 AND configuration
                 ORDER BY update_id, revision",
            )?;
            let rows = statement.query_map([category_type.as_str()], |row| {
                Ok((Uuid::from_bytes(row.get(0)?), row.get(1)?))
            })?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }
}
