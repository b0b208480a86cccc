//! Takes requests of git servers in.

use std::{
    sync::{Arc, OnceLock},
    time::Duration,
};

use axum::{
    body::Body,
    http::{
        HeaderMap, Request, StatusCode,
        header::{CONTENT_LENGTH, RETRY_AFTER},
    },
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use tokio::{sync::Semaphore, time::timeout};

use super::{
    HookSecrets,
    genuine::{Genuine, genuine},
    push::{Told, told},
};
use crate::{clock, git::FetchNow, model::GitSource};

/// The hook of a controller. Clones share it.
#[derive(Debug, Clone)]
pub struct Hooks(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    secrets: HookSecrets,
    /// Requests that are read at the same time.
    places: Semaphore,
    /// What is followed; none while the controller starts.
    followed: OnceLock<(GitSource, FetchNow)>,
}

/// The longest body: a push of some thousand commits. What was pushed in a longer one is fetched when it
/// is time.
const LONGEST: usize = 4 << 20;

/// How long a body may take. Git servers give up after ten seconds.
const READING: Duration = Duration::from_secs(10);

/// Requests that are read at the same time: anybody may send one before it is known who he is, so they
/// bound the memory.
const PLACES: usize = 4;

/// What came of a request.
struct Answer {
    status: StatusCode,
    text: String,
    /// The word for it in figures.
    outcome: &'static str,
}

impl Hooks {
    /// A hook that believes whoever knows one of these secrets.
    pub fn new(secrets: HookSecrets) -> Self {
        let (places, followed) = (Semaphore::new(PLACES), OnceLock::new());
        Self(Arc::new(Inner { secrets, places, followed }))
    }

    /// From now on pushes to what is followed have it fetched.
    pub fn follow(&self, source: GitSource, fetch_now: FetchNow) {
        // There is only one source, from the start to the end.
        let _ = self.0.followed.set((source, fetch_now));
    }

    async fn answer(&self, request: Request<Body>) -> Answer {
        let Ok(_place) = self.0.places.try_acquire() else {
            return Answer::busy();
        };
        let (parts, body) = request.into_parts();
        let body = match read(&parts.headers, body).await {
            Ok(body) => body,
            Err(answer) => return answer,
        };
        match genuine(&parts.headers, &body, &self.0.secrets, clock::now()) {
            Genuine::Yes => {}
            Genuine::No => {
                let why = "whoever sends this does not know the secret of the hook";
                return Answer::refused(StatusCode::FORBIDDEN, why);
            }
            Genuine::NothingShown => {
                let why = "sign the body with the secret of the hook: X-Headwater-Signature, \
                           X-Hub-Signature-256, X-Gitea-Signature, X-Forgejo-Signature, \
                           X-Gitlab-Token or webhook-signature";
                return Answer::refused(StatusCode::UNAUTHORIZED, why);
            }
        }
        let Some((source, fetch_now)) = self.0.followed.get() else {
            return Answer::busy();
        };
        match told(&parts.headers, &body, source) {
            Told::Fetch => {
                fetch_now.ask();
                let text = format!("{source} is fetched now\n");
                Answer { status: StatusCode::ACCEPTED, text, outcome: "fetched" }
            }
            Told::SomethingElse(what) => {
                let text =
                    format!("nothing is done: {source} is followed, and this is about {what}\n");
                Answer { status: StatusCode::ACCEPTED, text, outcome: "ignored" }
            }
            Told::Unreadable(why) => Answer::refused(StatusCode::BAD_REQUEST, why),
        }
    }
}

/// The body, if it is not too long and comes in time.
async fn read(headers: &HeaderMap, body: Body) -> Result<Bytes, Answer> {
    let too_long = || {
        let why = "the body is longer than 4 MiB: what was pushed is fetched when it is time";
        Answer::refused(StatusCode::PAYLOAD_TOO_LARGE, why)
    };
    let announced = headers.get(CONTENT_LENGTH).and_then(|it| it.to_str().ok()?.parse().ok());
    if announced.is_some_and(|length: u64| length > LONGEST as u64) {
        return Err(too_long());
    }
    match timeout(READING, axum::body::to_bytes(body, LONGEST)).await {
        Ok(Ok(body)) => Ok(body),
        Ok(Err(_)) => Err(too_long()),
        Err(_) => Err(Answer::refused(StatusCode::REQUEST_TIMEOUT, "the body does not come")),
    }
}

/// Takes a request in; what came of it is counted by `count`.
pub(in crate::web) async fn receive(
    hooks: &Hooks,
    request: Request<Body>,
    count: impl Fn(&'static str),
) -> Response {
    let Answer { status, text, outcome } = hooks.answer(request).await;
    tracing::info!(status = status.as_u16(), outcome, "a request came to the hook");
    count(outcome);
    let mut response = (status, text).into_response();
    if status == StatusCode::SERVICE_UNAVAILABLE {
        response.headers_mut().insert(RETRY_AFTER, 5.into());
    }
    response
}

impl Answer {
    fn refused(status: StatusCode, why: &str) -> Self {
        Self { status, text: format!("{why}\n"), outcome: "refused" }
    }

    fn busy() -> Self {
        let text = "the controller is starting, or reads other requests: come back later\n";
        let status = StatusCode::SERVICE_UNAVAILABLE;
        Self { status, text: text.to_owned(), outcome: "refused" }
    }
}
