//! How far a catalog has come with each of its upstream servers (protocol §1.7).

use std::collections::BTreeSet;

use rusqlite::{OptionalExtension, params};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Catalog, kinds, page::categories, search::category_titles};
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
    /// Of `GetDeployments`.
    Deployments,
    /// When it was told of this server last: no anchor of its own, but as good as one.
    Rollup,
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

/// A category, as people choose it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CategoryTitle {
    /// The identifier.
    pub id: Uuid,
    /// The title.
    pub title: String,
    /// The title of what it belongs to: a product to its family, a family to its company.
    pub of: Option<String>,
}

impl AnchorKind {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Languages => "Languages",
            Self::Configuration => "Configuration",
            Self::Updates => "Updates",
            Self::Deployments => "Deployments",
            Self::Rollup => "Rollup",
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

    /// Forgets how far it has come with one thing.
    ///
    /// # Errors
    ///
    /// The file cannot be written.
    pub fn forget_upstream_anchor(
        &self,
        upstream: &str,
        kind: AnchorKind,
    ) -> Result<(), StoreError> {
        self.database.write(|it| {
            it.execute(
                "DELETE FROM upstream_anchor WHERE upstream = ?1 AND kind = ?2",
                [upstream, kind.as_str()],
            )?;
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

    /// The updates of one category type, in the order of their identifiers.
    ///
    /// # Errors
    ///
    /// The file cannot be read.
    pub fn categories(
        &self,
        category_type: CategoryType,
    ) -> Result<Vec<CategoryTitle>, StoreError> {
        self.database.read(|it| {
            let mut statement = it.prepare_cached(
                "SELECT update_id, title, prerequisites
                 FROM revision JOIN identifier ON number = identifier
                 WHERE update_type = 1 AND category_type = ?1 ORDER BY update_id, revision",
            )?;
            let mut rows = statement.query([kinds::of_category_type(category_type)])?;
            let mut found = Vec::new();
            while let Some(row) = rows.next()? {
                let above = categories(it, row.get_ref(2)?.as_blob().unwrap_or_default())?;
                let (above, _) = category_titles(it, &above)?;
                found.push(CategoryTitle {
                    id: Uuid::from_bytes(row.get(0)?),
                    title: row.get(1)?,
                    of: above.into_iter().next(),
                });
            }
            Ok(found)
        })
    }
}
