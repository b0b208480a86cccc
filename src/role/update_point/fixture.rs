//! What the tests of this role share: points on loopback addresses of their own, documents, and a
//! proxy that watches what goes by.

use std::{
    net::{IpAddr, Ipv4Addr},
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU16, Ordering},
    },
};

use axum::{
    Router,
    body::Bytes,
    extract::{Request, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use futures::future::BoxFuture;
use serde_json::{Value, json};
use tempfile::TempDir;
use uuid::Uuid;

use super::{UpdatePoint, UpdatePointError};
use crate::{
    model::{UpdateIdentity, UpdatePointSettings},
    net::{Addresses, Certificates, OpenPort, http::Client},
    role::{Reporter, Surroundings},
    store::catalog::{NewRevision, PackedDocument},
    wire::{agent::AgentOutcome, update_content::HashingContent, update_document::UpdateDocument},
};

/// The real export of the examples, and how many documents it holds.
pub(in crate::role) const EXPORT: &str =
    concat!(env!("CARGO_MANIFEST_DIR"), "/examples/wsus-export/WSUS-2024-06-19.cab");
pub(in crate::role) const EXPORTED: u64 = 4_125;

/// A loopback address of this process alone, so that ports of tests never meet.
pub(in crate::role) fn ip() -> IpAddr {
    let [_, a, b, c] = std::process::id().to_be_bytes();
    IpAddr::V4(Ipv4Addr::new(127, 64 | (a & 63), b, c))
}

/// A port that no other test of this process has.
pub(in crate::role) fn port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(8530);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

/// A point in a directory of its own.
pub(in crate::role) struct Place {
    pub(in crate::role) directory: TempDir,
    pub(in crate::role) port: u16,
    pub(in crate::role) point: UpdatePoint,
}

impl Place {
    /// A point that is configured with this source.
    pub(in crate::role) async fn new(source: Value) -> Self {
        Self::trusting(None, source).await
    }

    /// The same, which trusts the roots of a file too.
    pub(in crate::role) async fn trusting(roots: Option<&Path>, source: Value) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let point = open_trusting(directory.path().to_owned(), roots).await;
        let place = Self { directory, port: port(), point };
        place.configure(source).await.unwrap();
        place
    }

    /// The top-level point, with all that the real export holds.
    pub(in crate::role) async fn imported() -> Self {
        let place = Self::new(json!({"type": "Import", "file": EXPORT})).await;
        let outcome = place.point.import(&Reporter::silent()).await.unwrap();
        assert_eq!(new_revisions(&outcome), EXPORTED);
        place
    }

    /// A point that holds `count` small updates.
    pub(in crate::role) async fn with_updates(count: u128) -> Self {
        let place = Self::new(json!({"type": "None"})).await;
        let new: Vec<_> = (1..=count).map(|number| software(number, &[])).collect();
        place.point.catalog().store_batch(&new, &[], crate::clock::now()).unwrap();
        place
    }

    /// A point below the server at this address.
    pub(in crate::role) async fn below(url: &str) -> Self {
        Self::new(json!({"type": "ParentSite", "url": url})).await
    }

    pub(in crate::role) async fn configure(&self, source: Value) -> Result<(), UpdatePointError> {
        self.configure_as(settings(self.port, &source)).await
    }

    pub(in crate::role) async fn configure_as(
        &self,
        settings: UpdatePointSettings,
    ) -> Result<(), UpdatePointError> {
        self.point.configure("cen-sup".parse().unwrap(), settings).await
    }

    pub(in crate::role) fn url(&self) -> String {
        format!("http://{}:{}", ip(), self.port)
    }

    pub(in crate::role) async fn synchronize(&self) -> Result<AgentOutcome, UpdatePointError> {
        self.point.synchronize(&Reporter::silent()).await
    }

    pub(in crate::role) fn count(&self) -> u64 {
        self.point.catalog().count().unwrap()
    }
}

pub(in crate::role) async fn open(directory: PathBuf) -> UpdatePoint {
    open_trusting(directory, None).await
}

/// A point that trusts the roots of a file too. Its own authority is below its directory.
async fn open_trusting(directory: PathBuf, roots: Option<&Path>) -> UpdatePoint {
    let certificates = Certificates::open(&directory, roots, crate::clock::now()).unwrap();
    let (ip, addresses) = (ip(), Addresses::system());
    let surroundings =
        Surroundings { ip, host: ip.to_string().parse().unwrap(), addresses, certificates };
    UpdatePoint::open(directory, surroundings).await.unwrap()
}

pub(in crate::role) fn settings(port: u16, source: &Value) -> UpdatePointSettings {
    let settings = json!({
        "site": "CEN", "role": "Active", "ssl": false, "clientConnections": "Intranet",
        "ports": {"webSite": "Custom", "http": port, "https": port + 1},
        "source": source, "classifications": [], "products": [], "selection": "Exact",
        "languages": [], "publishers": [],
    });
    serde_json::from_value(settings).unwrap()
}

pub(in crate::role) fn new_revisions(outcome: &AgentOutcome) -> u64 {
    match outcome {
        AgentOutcome::Synchronized { new_revisions, .. } => *new_revisions,
        other => panic!("{other:?}"),
    }
}

pub(in crate::role) fn identity(number: u128) -> UpdateIdentity {
    UpdateIdentity { update_id: Uuid::from_u128(number), revision: 1 }
}

/// A small update of these categories.
pub(in crate::role) fn software(number: u128, categories: &[u128]) -> NewRevision {
    revision(&software_document(number, categories))
}

/// Its document.
pub(in crate::role) fn software_document(number: u128, categories: &[u128]) -> String {
    let mut groups = String::new();
    for category in categories {
        let id = Uuid::from_u128(*category);
        groups.push_str("<u:AtLeastOne IsCategory=\"true\"><u:UpdateIdentity UpdateID=\"");
        groups.push_str(&id.to_string());
        groups.push_str("\"/></u:AtLeastOne>");
    }
    let rest =
        format!("<u:Relationships><u:Prerequisites>{groups}</u:Prerequisites></u:Relationships>");
    document(number, "Software", &format!("Update {number}"), &rest)
}

/// A category of this type.
pub(in crate::role) fn category(number: u128, category_type: &str, title: &str) -> NewRevision {
    let rest = format!(
        "<u:HandlerSpecificData><c:CategoryInformation \
         xmlns:c=\"http://schemas.microsoft.com/msus/2002/12/UpdateHandlers/Category\" \
         CategoryType=\"{category_type}\"/></u:HandlerSpecificData>"
    );
    revision(&document(number, "Category", title, &rest))
}

/// A small update whose document is changed before it is packed.
pub(in crate::role) fn changed(number: u128, change: impl FnOnce(&str) -> String) -> NewRevision {
    revision(&change(&document(number, "Software", &format!("Update {number}"), "")))
}

pub(in crate::role) fn document(
    number: u128,
    update_type: &str,
    title: &str,
    rest: &str,
) -> String {
    let id = Uuid::from_u128(number);
    format!(
        "<u:Update xmlns:u=\"http://schemas.microsoft.com/msus/2002/12/Update\">\
         <u:UpdateIdentity UpdateID=\"{id}\" RevisionNumber=\"1\"/>\r\n\
         <u:Properties UpdateType=\"{update_type}\" DefaultPropertiesLanguage=\"en\"/>\
         <u:LocalizedPropertiesCollection><u:LocalizedProperties><u:Language>en</u:Language>\
         <u:Title>{title}</u:Title></u:LocalizedProperties></u:LocalizedPropertiesCollection>\
         {rest}</u:Update>"
    )
}

fn revision(document: &str) -> NewRevision {
    let index = UpdateDocument::index(document).unwrap();
    NewRevision { index, document: PackedDocument::pack(document), file_digests: Vec::new() }
}

/// An update with this file.
pub(in crate::role) fn update_with_file(number: u128, file: &[u8]) -> NewRevision {
    let new = revision(&document_with_file(number, file));
    let file_digests = new.index.files.iter().map(|it| it.digest_sha1.clone()).collect();
    NewRevision { file_digests, ..new }
}

/// Its document.
pub(in crate::role) fn document_with_file(number: u128, file: &[u8]) -> String {
    let (sha1, sha256) = HashingContent::of(file);
    let rest = format!(
        "<u:Files><u:File Digest=\"{}\" DigestAlgorithm=\"SHA1\" FileName=\"u{number}.cab\" \
         Size=\"{}\" PatchingType=\"SelfContained\"><u:AdditionalDigest Algorithm=\"SHA256\">{}\
         </u:AdditionalDigest></u:File></u:Files>",
        STANDARD.encode(sha1.as_bytes()),
        file.len(),
        STANDARD.encode(sha256.as_bytes()),
    );
    document(number, "Software", &format!("Update {number}"), &rest)
}

/// What a proxy does with a request.
pub(in crate::role) enum Verdict {
    /// Passes it on.
    Pass,
    /// Answers it itself.
    Answer(u16, Vec<u8>),
    /// Never answers it.
    Silence,
}

type Judge = Arc<dyn Fn(String, Bytes) -> BoxFuture<'static, Verdict> + Send + Sync>;

/// A proxy in front of the server at `upstream`. The judge is told the name of each call and its
/// body.
pub(in crate::role) async fn proxy(
    upstream: String,
    judge: impl Fn(&str, &[u8]) -> Verdict + Send + Sync + 'static,
) -> (OpenPort, String) {
    let judge: Judge = Arc::new(move |call, body| {
        let verdict = judge(&call, &body);
        Box::pin(async move { verdict })
    });
    let client = crate::net::client(&Addresses::system()).unwrap();
    let router = Router::new().fallback(pass).with_state((upstream, judge, client));
    let port = OpenPort::open(ip(), 0, router).await.unwrap();
    let url = format!("http://{}", port.address());
    (port, url)
}

async fn pass(
    State((upstream, judge, client)): State<(String, Judge, Client)>,
    request: Request,
) -> Response {
    let (parts, body) = request.into_parts();
    let body = axum::body::to_bytes(body, usize::MAX).await.unwrap();
    let action = parts.headers["soapaction"].to_str().unwrap().trim_matches('"').to_owned();
    let call = action.rsplit('/').next().unwrap().to_owned();
    match judge(call, body.clone()).await {
        Verdict::Pass => {}
        Verdict::Answer(status, bytes) => {
            return (StatusCode::from_u16(status).unwrap(), bytes).into_response();
        }
        Verdict::Silence => std::future::pending().await,
    }
    let url = format!("{upstream}{}", parts.uri.path());
    let mut sent = client
        .post(url)
        .header("content-type", "text/xml; charset=utf-8")
        .header("soapaction", action)
        .body(body)
        .send()
        .await
        .unwrap();
    let (status, mut answer) = (sent.status(), Vec::new());
    while let Some(block) = sent.chunk().await.unwrap() {
        answer.extend_from_slice(&block);
    }
    (status, answer).into_response()
}
