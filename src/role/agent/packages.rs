//! Packages that a site server takes in, and what of update points they are made of.
//!
//! | request                                             | answer                                      |
//! |-----------------------------------------------------|---------------------------------------------|
//! | `GET /v1/site-server/packages/<ID>`                 | the package as it is held; null if it is not |
//! | `GET /v1/update-point/packages/<ID>`                | the files of updates that the package has   |
//! | `GET /v1/update-point/content/<XX>/<SHA-1>.<ext>`   | one of them, with ranges                    |

use axum::{
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};

use super::{
    Agent,
    admin_port::{Served, answer, failure},
    commands::Carried,
};
use crate::{
    model::{Digest, Pacing, PackageId, PackageOrigin},
    role::{
        Reporter,
        answering::Asked,
        package_library::{Making, PackageLibraryError, Sending},
        update_point::answer_content,
    },
    wire::update_content::{AskedContent, ContentName},
};

/// A package source that is to be taken in.
pub(super) struct Taken {
    pub(super) package: PackageId,
    pub(super) version: u32,
    pub(super) origin: PackageOrigin,
    pub(super) content: Option<Digest>,
    /// The agent that carries the active update point of the site.
    pub(super) from: Option<String>,
}

impl Agent {
    pub(super) async fn take_package_source(&self, taken: Taken, report: &Reporter) -> Carried {
        let Taken { package, version, origin, content, from } = taken;
        let library = self.package_library().await?;
        if origin.source.path().is_some() {
            return Ok(library.take(&package, version, origin, content, report).await?);
        }
        let nobody = || PackageLibraryError::NoUpdatePoint(origin.source.words());
        let (http, url) = (&self.0.options.http, from.ok_or_else(nobody)?);
        let (from, client) = (&http.agent(&url), &http.way(&url)?.asking);
        let making = Making { package: &package, version, origin, content, from, client };
        Ok(library.make(making, report).await?)
    }

    pub(super) async fn send_package(
        &self,
        (package, version): (&PackageId, u32),
        to: &str,
        pacing: Option<&Pacing>,
        report: &Reporter,
    ) -> Carried {
        let library = self.package_library().await?;
        let (from, way) = (&self.0.options.name, self.0.options.http.way(to)?);
        let sending = Sending { package, version, from, to: &way.url, pacing };
        Ok(library.send(sending, &way.sending, report).await?)
    }
}

pub(super) async fn held(State(served): State<Served>, Path(id): Path<String>) -> Response {
    let Ok(id) = id.parse::<PackageId>() else {
        return (StatusCode::BAD_REQUEST, "packages are asked for by their IDs\n").into_response();
    };
    let told = async {
        // One without the role holds none.
        let Ok(library) = served.agent.package_library().await else { return Ok(None) };
        Ok(library.state(&id).await?)
    };
    answer(told.await)
}

pub(super) async fn files(State(served): State<Served>, Path(id): Path<String>) -> Response {
    let Ok(id) = id.parse::<PackageId>() else {
        return (StatusCode::BAD_REQUEST, "packages are asked for by their IDs\n").into_response();
    };
    let told = async { Ok(served.agent.update_point().await?.package_files(id).await?) };
    answer(told.await)
}

pub(super) async fn content(
    State(served): State<Served>,
    Path((folder, name)): Path<(String, String)>,
    asked: Asked,
) -> Response {
    let name = name.parse::<ContentName>().ok().filter(|it| it.folder() == folder);
    let Some(name) = name else { return StatusCode::NOT_FOUND.into_response() };
    match served.agent.update_point().await {
        Ok(point) => {
            let files = point.update_files().clone();
            answer_content(files, AskedContent::File(name), asked).await
        }
        Err(error) => failure(&error),
    }
}
