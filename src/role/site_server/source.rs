//! Asking another agent for a page of revisions.

use super::SourceError;
use crate::{
    error_text::with_causes,
    net::{http::Client, trace},
    wire::agent::RevisionPage,
};

/// Longest page that is read, in bytes: a thousand revisions with the longest titles and the most
/// categories.
const MAX_PAGE_BYTES: usize = 32 << 20;

/// How much of a refusal is passed on, in characters.
const MAX_REFUSAL: usize = 500;

/// The page that comes after this change.
pub(super) async fn page(
    admin: &Client,
    url: &str,
    after: i64,
) -> Result<RevisionPage, SourceError> {
    let asked = format!("{url}?after={after}");
    let sent = trace::sent_along(admin.get(&asked)).send().await;
    let mut response = sent.map_err(SourceError::Unreachable)?;
    let status = response.status();
    let mut body = Vec::new();
    while let Some(piece) = response.chunk().await.map_err(SourceError::Unreachable)? {
        if body.len().saturating_add(piece.len()) > MAX_PAGE_BYTES {
            return Err(SourceError::TooLarge(MAX_PAGE_BYTES));
        }
        body.extend_from_slice(&piece);
    }
    if !status.is_success() {
        let text = String::from_utf8_lossy(&body).chars().take(MAX_REFUSAL).collect();
        return Err(SourceError::Status { status: status.as_u16(), text });
    }
    let page = serde_json::from_slice(&body).map_err(SourceError::NotUnderstood);
    if let Err(error) = &page {
        tracing::debug!(url, error = with_causes(error), "no page of revisions");
    }
    page
}
