//! Serving the patches that a library has beside its files ([`crate::wire::patches`]).

use axum::{
    Router,
    extract::{Path, State},
    http::{StatusCode, header::CONTENT_TYPE},
    response::{IntoResponse, Response},
    routing::get,
};

use super::serving::failed;
use crate::{
    content::{Library, LibraryError, blocking},
    model::Digest,
    role::answering::{Asked, Found, Source},
};

/// What answers requests for patches.
pub(super) fn router(library: Library) -> Router {
    Router::new()
        .route("/patches/{new}", get(list))
        .route("/patches/{new}/{from}", get(patch))
        .with_state(library)
}

async fn list(State(library): State<Library>, Path(new): Path<String>) -> Response {
    let Ok(new) = Digest::from_hex(&new) else { return none() };
    match blocking(move || library.patches(&new)).await {
        Ok(list) if list.patches.is_empty() => none(),
        Ok(list) => ([(CONTENT_TYPE, "application/json")], list.encode()).into_response(),
        Err(error) => failed(&error),
    }
}

async fn patch(
    State(library): State<Library>,
    Path((new, from)): Path<(String, String)>,
    asked: Asked,
) -> Response {
    let (Ok(new), Ok(from)) = (Digest::from_hex(&new), Digest::from_hex(&from)) else {
        return none();
    };
    let answered = blocking(move || {
        let Some((digest, file)) = library.open_patch(&new, &from)? else { return Ok(None) };
        let found = Found::new(&digest, "application/octet-stream", Source::File(file));
        // Cut since it was opened: it is not there any more.
        found.answer(&asked).map(Some).map_err(|_| LibraryError::NoFile(digest))
    });
    match answered.await {
        Ok(answer) => answer.unwrap_or_else(none),
        Err(error) => failed(&error),
    }
}

fn none() -> Response {
    (StatusCode::NOT_FOUND, "there is no patch for that here\n").into_response()
}
