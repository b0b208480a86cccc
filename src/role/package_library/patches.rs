//! Sending a patch instead of a file, to a point that has the version before.

use reqwest::{RequestBuilder, StatusCode};

use super::{
    PackageLibrary, PackageLibraryError,
    send::{Content, Target},
};
use crate::{content::blocking, model::Digest};

/// What a request for nothing may take: an answer of no bytes.
const NOTHING: &[u8] = b"";

impl PackageLibrary {
    /// Sends a patch that makes a file, if there is one and it is of use there; whether the file is there
    /// now. A point that does not know of patches, or with which it does not work, gets the file.
    pub(super) async fn send_patch(
        &self,
        digest: Digest,
        target: &Target<'_>,
    ) -> Result<bool, PackageLibraryError> {
        let library = self.library.clone();
        let list = blocking(move || library.patches(&digest)).await?;
        for patch in list.patches {
            let from = patch.from.to_hex();
            let url = format!("{}/v1/content/patches/{}/{from}", target.to, digest.to_hex());
            if !agreed(target.ask(&url, target.admin.get(&url)).await)? {
                continue;
            }
            let library = self.library.clone();
            let opened = blocking(move || library.open_patch(&digest, &patch.from)).await?;
            let Some((_, file)) = opened else { continue };
            let size = file.size();
            let url = format!("{url}?size={size}");
            let request = target.admin.put(&url);
            if agreed(
                target
                    .carry(&url, request, Content::Large(file, std::iter::once(0..size).collect()))
                    .await,
            )? {
                tracing::info!(%digest, size, to = target.to, "a patch was sent instead of a file");
                return Ok(true);
            }
        }
        Ok(false)
    }
}

impl Target<'_> {
    /// Sends a request without a body.
    async fn ask(
        &self,
        url: &str,
        request: RequestBuilder,
    ) -> Result<Vec<u8>, PackageLibraryError> {
        self.carry(url, request, Content::Small(NOTHING.into())).await
    }
}

/// Whether it was done. That it was refused is no failure: there is another way.
fn agreed(answer: Result<Vec<u8>, PackageLibraryError>) -> Result<bool, PackageLibraryError> {
    match answer {
        Ok(_) => Ok(true),
        Err(PackageLibraryError::Refused { status: StatusCode::NOT_FOUND, .. }) => Ok(false),
        Err(PackageLibraryError::Refused { status, url, why }) => {
            tracing::warn!(%status, url, why, "a patch was refused, the whole file is sent");
            Ok(false)
        }
        Err(error) => Err(error),
    }
}
