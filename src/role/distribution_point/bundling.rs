//! Small files in bundles, on both sides: one request for many of them.

use axum::{
    Router,
    body::Bytes,
    extract::{DefaultBodyLimit, State},
    http::{
        StatusCode,
        header::{CONTENT_TYPE, HeaderValue},
    },
    response::{IntoResponse, Response},
    routing::post,
};
use futures::{StreamExt, stream};

use super::{
    counting::Counted,
    fetching::{AT_A_TIME, Failure, Fetch},
    serving::failed,
    source::damaged,
};
use crate::{
    content::{Claim, Library, LibraryError, blocking},
    model::Digest,
    wire::bundle::{self, Bundle},
};

/// What answers requests for several files.
pub(super) fn router(library: Library) -> Router {
    Router::new()
        .route(bundle::PATH, post(answer))
        .layer(DefaultBodyLimit::max(Bundle::MAX_REQUEST))
        .with_state(library)
}

/// All files that are asked for, or 404: who asks goes on file by file then, and learns which one it
/// is.
async fn answer(State(library): State<Library>, request: Bytes) -> Response {
    let bundle = match Bundle::decode(&request) {
        Ok(bundle) => bundle,
        Err(error) => return (StatusCode::BAD_REQUEST, format!("{error}\n")).into_response(),
    };
    let kind = [(CONTENT_TYPE, HeaderValue::from_static("application/octet-stream"))];
    match blocking(move || library.read_together(&bundle.files, Bundle::MAX_BYTES)).await {
        Ok(Some(bytes)) => (kind, bytes).into_response(),
        Ok(None) => {
            let why = format!("together they have more than {} bytes\n", Bundle::MAX_BYTES);
            (StatusCode::PAYLOAD_TOO_LARGE, why).into_response()
        }
        Err(LibraryError::NoFile(_)) => {
            (StatusCode::NOT_FOUND, "one of the files is not here\n").into_response()
        }
        Err(error) => failed(&error),
    }
}

/// A file of a bundle that is being fetched.
struct Wanted {
    size: usize,
    claim: Claim,
}

impl Fetch<'_> {
    /// Fetches small files together, as far as the source can do that. What it cannot, or what others
    /// are fetching, is left to be fetched one by one.
    ///
    /// # Errors
    ///
    /// The source sends wrong bytes, or this computer fails.
    pub(super) async fn bundles(&self, files: &[(Digest, u64)]) -> Result<(), Failure> {
        let mut bundles =
            stream::iter(packed(files)).map(|files| self.bundle(files)).buffer_unordered(AT_A_TIME);
        let mut first = None;
        while let Some(fetched) = bundles.next().await {
            if let Err(failure) = fetched {
                self.stop.cancel();
                first.get_or_insert(failure);
            }
        }
        first.map_or(Ok(()), Err)
    }

    async fn bundle(&self, files: Vec<(Digest, u64)>) -> Result<(), Failure> {
        let Ok(_connection) = self.means.connections.acquire().await else {
            return Err(Failure::Stopped);
        };
        if !self.source.bundles() {
            return Ok(());
        }
        let library = &self.means.library;
        let wanted: Vec<_> = files
            .into_iter()
            .filter_map(|(digest, size)| {
                let claim = library.try_claim(digest)?;
                // Another transfer may have brought it since.
                if library.has(&digest, size) {
                    return None;
                }
                Some(Wanted { size: usize::try_from(size).ok()?, claim })
            })
            .collect();
        if wanted.is_empty() {
            return Ok(());
        }
        let digests: Vec<_> = wanted.iter().map(|file| file.claim.digest()).collect();
        for digest in &digests {
            tracing::debug!(%digest, source = %self.source.name, "fetching a file");
        }
        let total = wanted.iter().map(|file| file.size as u64).sum();
        let request = self.source.post(bundle::PATH).json(&Bundle { files: digests });
        let response = self.source.send_again(request).await?;
        if response.status() != StatusCode::OK {
            // Of those that it lacks it says which when they are asked for alone.
            if response.status() != StatusCode::NOT_FOUND {
                self.source.has_no_bundles();
            }
            return Ok(());
        }
        let bytes = match self.source.body(response, total).await {
            Ok(bytes) if bytes.len() as u64 == total => bytes,
            Ok(_) | Err(Failure::Source(_)) => return Ok(()),
            Err(failure) => return Err(failure),
        };
        let counted = Counted::new(&self.job.progress);
        counted.add(total);
        let library = library.clone();
        let wrong = blocking(move || store(&library, wanted, &bytes)).await?;
        match wrong {
            None => {
                counted.verified(total);
                Ok(())
            }
            Some(digest) => Err(damaged(digest)),
        }
    }
}

/// Stores the files of a bundle; the first one with wrong bytes ends it.
fn store(
    library: &Library,
    wanted: Vec<Wanted>,
    bytes: &Bytes,
) -> Result<Option<Digest>, LibraryError> {
    let mut rest = bytes.as_ref();
    let files = wanted.into_iter().map(|Wanted { size, claim }| {
        let (file, later) = rest.split_at_checked(size).unwrap_or((rest, &[]));
        rest = later;
        (claim, file)
    });
    library.store_together(files.collect())
}

/// Puts files together, as many as a bundle may have.
fn packed(files: &[(Digest, u64)]) -> Vec<Vec<(Digest, u64)>> {
    let mut bundles: Vec<Vec<_>> = Vec::new();
    let mut bytes = 0_u64;
    for (digest, size) in files {
        bytes = bytes.saturating_add(*size);
        match bundles.last_mut() {
            Some(bundle) if bytes <= Bundle::MAX_BYTES && bundle.len() < Bundle::MAX_FILES => {
                bundle.push((*digest, *size));
            }
            _ => {
                bundles.push(vec![(*digest, *size)]);
                bytes = *size;
            }
        }
    }
    // One alone is quicker by its own name.
    bundles.retain(|bundle| bundle.len() > 1);
    bundles
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bundles_have_as_much_as_they_may_and_not_one_file_alone() {
        let file = |number: u32, size| (Digest::of(&number.to_le_bytes()), size);
        let lengths = |files: &[_]| packed(files).iter().map(Vec::len).collect::<Vec<_>>();
        let tiny: Vec<_> = (0..600).map(|number| file(number, 10)).collect();
        assert_eq!(lengths(&tiny), [256, 256, 88]);
        let quarter: Vec<_> = (0..9).map(|number| file(number, 1 << 18)).collect();
        assert_eq!(lengths(&quarter), [4, 4], "the ninth is left alone");
        assert_eq!(lengths(&[]), [] as [usize; 0]);
    }
}
