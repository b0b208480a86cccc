//! The services over HTTP: paths in any case, POST only, bounded requests and bounded memory.

use std::{sync::Arc, time::Duration};

use axum::{
    Router,
    body::{Body, Bytes},
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, Method, StatusCode, header},
    response::{IntoResponse, Response},
};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use uuid::Uuid;

use super::{
    call::{self, Call, Endpoint},
    channel::{self, Channel},
    content,
    downstream_servers::DownstreamServers,
    hosting::Hosting,
    listing::{self, LongList},
    packed::Packed,
    sessions::Sessions,
};
use crate::{
    blocking::{Interrupted, blocking},
    clock,
    model::{UpdateIdentity, UpdatePointSettings},
    role::answering::Asked,
    store::catalog::Catalog,
    wire::{
        content_encoding::ContentEncoding,
        dss_auth, reporting, server_sync,
        soap::{Fault, MAX_REQUEST_BYTES, SoapVersion},
        update_content::AskedContent,
    },
};

/// How long a request may take to arrive.
const ARRIVAL: Duration = Duration::from_mins(1);

/// Calls that are worked on at a time; the others wait.
const AT_WORK: usize = 16;

/// Answers with documents that are in memory at a time, in units of 64 KiB: 512 MiB. What is more
/// waits until others were sent.
const ROOM: u32 = 8_192;
const UNIT: u64 = 64 << 10;

/// How much of a long answer is handed to the network at a time.
const PIECE: usize = 256 << 10;

/// The web services of one update point.
#[derive(Debug)]
pub(in crate::role::update_point) struct Service {
    pub(super) catalog: Arc<Catalog>,
    pub(super) hosting: Hosting,
    pub(super) sessions: Sessions,
    pub(super) channel: Channel,
    at_work: Semaphore,
    room: Arc<Semaphore>,
}

impl Service {
    /// The services of this catalog and these files.
    pub(in crate::role::update_point) fn new(catalog: Arc<Catalog>, hosting: Hosting) -> Self {
        let sessions = Sessions::new(Arc::clone(&catalog));
        let room = Arc::new(Semaphore::new(ROOM as usize));
        let channel = Channel::default();
        let at_work = Semaphore::new(AT_WORK);
        Self { catalog, hosting, sessions, channel, at_work, room }
    }

    /// Serves by these settings from now on, also those who are connected: over which channel, and whom.
    pub(in crate::role::update_point) fn demand(&self, settings: &UpdatePointSettings) {
        self.sessions.let_in(DownstreamServers::of(settings));
        self.channel.demand(settings);
        self.hosting.demand(settings);
    }

    /// What a port serves.
    pub(in crate::role::update_point) fn router(self: &Arc<Self>) -> Router {
        // No routes: paths are matched in any case, as IIS does.
        let router = Router::new().fallback(serve).with_state(Arc::clone(self));
        router.layer(axum::middleware::from_fn_with_state(Arc::clone(self), channel::admit))
    }
}

async fn serve(State(service): State<Arc<Service>>, request: Request) -> Response {
    let path = request.uri().path();
    if let Some(wanted) = AskedContent::of_path(path) {
        let asked = Asked::of(&mut request.into_parts().0);
        return content::answer(service.hosting.files.clone(), wanted, asked).await;
    }
    let known = [server_sync::PATH, dss_auth::PATH, reporting::PATH];
    let Some(path) = known.into_iter().find(|it| it.eq_ignore_ascii_case(path)) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    if request.method() != Method::POST {
        let allow = [(header::ALLOW, HeaderValue::from_static("POST"))];
        return (StatusCode::METHOD_NOT_ALLOWED, allow).into_response();
    }
    if !is_soap(request.headers()) {
        return StatusCode::UNSUPPORTED_MEDIA_TYPE.into_response();
    }
    let accepts = request.headers().get(header::ACCEPT_ENCODING);
    let encoding = accepts.and_then(|it| it.to_str().ok()).and_then(ContentEncoding::wanted);
    let (host, secured) = (host(&request), channel::is_secured(&request));
    let body = axum::body::to_bytes(request.into_body(), MAX_REQUEST_BYTES);
    let body = match tokio::time::timeout(ARRIVAL, body).await {
        Ok(Ok(body)) => body,
        Ok(Err(_)) => return StatusCode::PAYLOAD_TOO_LARGE.into_response(),
        Err(_) => return StatusCode::REQUEST_TIMEOUT.into_response(),
    };
    let to = Endpoint { path, secured };
    match answer(service, to, body, host, encoding).await {
        Ok(response) => response,
        Err(_) => StatusCode::SERVICE_UNAVAILABLE.into_response(),
    }
}

/// The host that a request has come to, by what it says: nothing else is done with it than telling it to
/// whoever has said it.
fn host(request: &Request) -> Option<String> {
    let named = request.headers().get(header::HOST).and_then(|it| it.to_str().ok());
    let host = match (request.uri().host(), named) {
        (Some(host), _) => host.to_owned(),
        (None, named) => named?.parse::<axum::http::uri::Authority>().ok()?.host().to_owned(),
    };
    let is_plain = |it: char| it.is_ascii_alphanumeric() || "-.:[]".contains(it);
    Some(host).filter(|it| !it.is_empty() && it.chars().all(is_plain))
}

fn is_soap(headers: &HeaderMap) -> bool {
    let media_type = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split(';').next())
        .unwrap_or_default()
        .trim();
    ["text/xml", "application/soap+xml"].iter().any(|it| it.eq_ignore_ascii_case(media_type))
}

async fn answer(
    service: Arc<Service>,
    to: Endpoint,
    body: Bytes,
    host: Option<String>,
    encoding: Option<ContentEncoding>,
) -> Result<Response, Interrupted> {
    let fault_id = Uuid::new_v4();
    // The semaphores are never closed; if they were, the limit alone would be gone.
    let at_work = service.at_work.acquire().await.ok();
    let worker = Arc::clone(&service);
    let (version, call) = blocking(move || {
        let (version, call) = call::answer(&worker, to, &body, fault_id, clock::now());
        let call = call.map(|call| match call {
            Call::Answered(bytes) => Prepared::Answer(Packed::new(bytes, encoding)),
            Call::Listed(list) => Prepared::Listed(list),
            Call::Documents { identities, size } => Prepared::Documents { identities, size },
        });
        Ok::<_, Interrupted>((version, call))
    })
    .await?;
    drop(at_work);
    let (identities, size) = match call {
        Ok(Prepared::Answer(answer)) => return Ok(ok(version, answer, None)),
        Ok(Prepared::Listed(list)) => {
            return Ok(listing::answer(&service.catalog, version, *list));
        }
        Ok(Prepared::Documents { identities, size }) => (identities, size),
        Err(fault) => return Ok(refused(version, &fault)),
    };
    // Both are in memory for a moment: the answer, and what it is packed to.
    let in_memory = if encoding.is_some() { size.saturating_add(size / 2) } else { size };
    let units = u32::try_from(in_memory / UNIT).unwrap_or(ROOM).clamp(1, ROOM);
    let room = Arc::clone(&service.room).acquire_many_owned(units).await.ok();
    let _at_work = service.at_work.acquire().await.ok();
    let worker = Arc::clone(&service);
    let written = blocking(move || {
        let written = call::documents(&worker, version, &identities, size, host.as_deref());
        let action = <server_sync::GetUpdateData as crate::wire::soap::Operation>::ACTION;
        let written = written.map(|bytes| Packed::new(bytes, encoding));
        Ok::<_, Interrupted>(written.map_err(|refusal| refusal.fault(fault_id, action)))
    })
    .await?;
    Ok(match written {
        Ok(answer) => ok(version, answer, room),
        Err(fault) => refused(version, &fault),
    })
}

/// A call whose answer is known, or is still to be written.
enum Prepared {
    Answer(Packed),
    Listed(Box<LongList>),
    Documents { identities: Vec<UpdateIdentity>, size: u64 },
}

/// An answer, which gives its room back once it was sent.
fn ok(version: SoapVersion, answer: Packed, room: Option<OwnedSemaphorePermit>) -> Response {
    let Packed { bytes, encoding } = answer;
    let length = bytes.len();
    let body = if length <= PIECE {
        Body::from(bytes)
    } else {
        let pieces = (Bytes::from(bytes), room);
        Body::from_stream(futures::stream::unfold(pieces, |(mut rest, room)| async move {
            if rest.is_empty() {
                return None;
            }
            let piece = rest.split_to(rest.len().min(PIECE));
            Some((Ok::<_, std::convert::Infallible>(piece), (rest, room)))
        }))
    };
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(version.content_type())),
        (header::CONTENT_LENGTH, HeaderValue::from(length)),
        (header::VARY, HeaderValue::from_static("Accept-Encoding")),
    ];
    let mut response = (StatusCode::OK, headers, body).into_response();
    if let Some(encoding) = encoding {
        let name = HeaderValue::from_static(encoding.name());
        response.headers_mut().insert(header::CONTENT_ENCODING, name);
    }
    response
}

fn refused(version: SoapVersion, fault: &Fault) -> Response {
    let status =
        StatusCode::from_u16(fault.http_status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let content_type = HeaderValue::from_static(version.content_type());
    (status, [(header::CONTENT_TYPE, content_type)], fault.encode(version)).into_response()
}
