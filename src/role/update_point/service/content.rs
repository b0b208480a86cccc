//! Files of updates, as genuine servers have them below `/Content` (protocol §1.10): `GET` and `HEAD`,
//! ranges, validators, and the kernel sends them by itself. Over HTTP in any case: no file is believed
//! before both of its digests were compared.

use axum::{
    http::{HeaderValue, Method, StatusCode, header},
    response::{IntoResponse, Response},
};
use jiff::{Timestamp, fmt::rfc2822::DateTimePrinter};

use crate::{
    content::{OpenedFile, UpdateFileError, UpdateFiles},
    error_text::with_causes,
    role::answering::{Asked, Found, Source},
    wire::update_content::{AskedContent, ContentName},
};

/// Answers a request for a file.
pub(in crate::role) async fn answer(
    files: UpdateFiles,
    wanted: AskedContent,
    asked: Asked,
) -> Response {
    if !matches!(*asked.method(), Method::GET | Method::HEAD) {
        let allow = [(header::ALLOW, HeaderValue::from_static("GET, HEAD"))];
        return (StatusCode::METHOD_NOT_ALLOWED, allow).into_response();
    }
    let AskedContent::File(name) = wanted else { return StatusCode::NOT_FOUND.into_response() };
    let has_extension = name.extension().is_some();
    let read = crate::blocking::blocking(move || match files.open_file(&name)? {
        // Cut since it was opened: it is not there any more.
        Some(opened) => Ok(found(&name, opened).answer(&asked).ok()),
        None => Ok::<_, UpdateFileError>(None),
    });
    match read.await {
        Ok(Some(answer)) => answer,
        // What has no extension is no file that IIS serves.
        Ok(None) if !has_extension => StatusCode::FORBIDDEN.into_response(),
        Ok(None) => StatusCode::NOT_FOUND.into_response(),
        Err(error) => {
            tracing::error!(error = with_causes(&error), "a file of an update could not be served");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

fn found(name: &ContentName, OpenedFile { file, modified }: OpenedFile) -> Found {
    let modified = modified.and_then(|it| Timestamp::try_from(it).ok());
    let modified =
        modified.and_then(|it| DateTimePrinter::new().timestamp_to_rfc9110_string(&it).ok());
    let boundary = name.sha1().to_string();
    Found {
        tag: format!("\"{boundary}\""),
        boundary,
        modified,
        kind: "application/octet-stream",
        bytes: Source::File(file),
    }
}
