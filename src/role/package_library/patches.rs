//! Sending a patch instead of a file, to a point that has the version before.

use axum::http::StatusCode;

use super::{
    PackageLibrary, PackageLibraryError,
    send::{Content, Target},
};
use crate::{
    content::{blocking, may_be_patched},
    model::Digest,
};

impl PackageLibrary {
    /// Sends a patch that makes a file, if there is one and it is of use there; whether the file is there
    /// now. A point that does not know of patches, or with which it does not work, gets the file.
    pub(super) async fn send_patch(
        &self,
        digest: Digest,
        size: u64,
        target: &Target<'_>,
    ) -> Result<bool, PackageLibraryError> {
        if !may_be_patched(size) {
            return Ok(false);
        }
        let library = self.library.clone();
        let list = blocking(move || library.patches(&digest)).await?;
        for patch in list.patches {
            let from = patch.from.to_hex();
            let url = format!("{}/v1/content/patches/{}/{from}", target.to, digest.to_hex());
            if !agreed(target.ask(&url).await)? {
                continue;
            }
            let library = self.library.clone();
            let opened = blocking(move || library.open_patch(&digest, &patch.from)).await?;
            let Some((_, file)) = opened else { continue };
            let size = file.size();
            let url = format!("{url}?size={size}");
            let request = target.admin.put(&url);
            // A point makes one file of a patch at a time: who waits there for another one stands still.
            let _turn = target.patching.lock().await;
            if agreed(target.carry(&url, request, Content::whole(file)).await)? {
                tracing::info!(%digest, size, to = target.to, "a patch was sent instead of a file");
                return Ok(true);
            }
        }
        Ok(false)
    }
}

/// Whether it was done. That it was refused, or not waited for, is no failure: there is another way.
fn agreed(answer: Result<Vec<u8>, PackageLibraryError>) -> Result<bool, PackageLibraryError> {
    match answer {
        Ok(_) => Ok(true),
        // A point that is not there any more does not take the whole file either, and tells that.
        Err(
            PackageLibraryError::Refused { status: StatusCode::NOT_FOUND, .. }
            | PackageLibraryError::Stalled { .. },
        ) => Ok(false),
        Err(PackageLibraryError::Refused { status, url, why }) => {
            tracing::warn!(%status, url, why, "a patch was refused, the whole file is sent");
            Ok(false)
        }
        Err(error) => Err(error),
    }
}
