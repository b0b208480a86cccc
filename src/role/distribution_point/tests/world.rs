//! Distribution points, a site server that fills them, and sources that count or misbehave.

use std::{
    collections::BTreeMap,
    fs,
    net::IpAddr,
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
};

use axum::{Router, extract::Request, middleware::Next, response::Response};
use tempfile::TempDir;
use tokio::sync::{mpsc, watch};

use crate::{
    clock,
    content::Library,
    model::{
        ClientCertificates, ContentProtocol, DistributionPointSettings, DistributionPointState,
        DistributionPointType, Name, Pacing, PackageId, PackageOrigin, PackageState, Port, Ports,
        Priority, PullSelection, PullSettings, PullSourceSettings, TakenSource, WebSite,
    },
    net::{Addresses, Certificates, OpenPort, client},
    role::{
        Reporter, Surroundings,
        distribution_point::{DistributionPoint, point::WeakPoint},
        package_library::{PackageLibrary, PackageLibraryError, Sending},
    },
    wire::{
        agent::{AgentEvent, AgentOutcome},
        bundle::Bundle,
    },
};

pub(super) const PORT: u16 = 8480;

/// One test's part of the loopback network, and its files.
pub(super) struct World {
    pub(super) home: TempDir,
    test: u8,
    pub(super) site_server: PackageLibrary,
}

pub(super) fn name(text: &str) -> Name {
    text.parse().unwrap()
}

pub(super) fn package(number: u32) -> PackageId {
    format!("CEN{number:05}").parse().unwrap()
}

/// The settings of a standard point.
pub(super) fn standard() -> DistributionPointSettings {
    let port = |number| Port::new(number).unwrap();
    DistributionPointSettings {
        site: "CEN".parse().unwrap(),
        r#type: DistributionPointType::Standard,
        protocol: ContentProtocol::Http,
        ports: Ports { web_site: WebSite::Custom, http: port(PORT), https: port(PORT + 1) },
        pull: None,
        prestaged: false,
        on_demand: false,
        pxe: None,
        multicast: None,
        schedule: Vec::new(),
        rate_limit: None,
        content_validation: None,
        network_access_account: None,
        certificate: None,
        client_certificates: ClientCertificates::Ignore,
        keep: false,
    }
}

impl World {
    /// `test` is another number for each test that may run at the same time.
    pub(super) async fn new(test: u8) -> Self {
        let home = tempfile::tempdir().unwrap();
        let site_server = PackageLibrary::open(home.path().join("site"), true).await.unwrap();
        Self { home, test, site_server }
    }

    pub(super) fn ip(&self, host: u8) -> IpAddr {
        [127, 77, self.test, host].into()
    }

    pub(super) fn url(&self, host: u8) -> String {
        format!("http://{}:{PORT}", self.ip(host))
    }

    pub(super) fn directory(&self, host: u8) -> PathBuf {
        self.home.path().join(format!("dp-{host}"))
    }

    /// A source as a point is told of it: its priority and its host.
    pub(super) fn source(&self, priority: u32, host: u8) -> PullSourceSettings {
        let distribution_point = name(&format!("dp-{host}"));
        PullSourceSettings { priority, distribution_point, url: self.url(host) }
    }

    pub(super) fn pulling(&self, sources: &[(u32, u8)]) -> DistributionPointSettings {
        let sources =
            sources.iter().map(|(priority, host)| self.source(*priority, *host)).collect();
        DistributionPointSettings {
            pull: Some(PullSettings {
                enabled: true,
                sources,
                selection: PullSelection::Random,
                cut_through: false,
            }),
            ..standard()
        }
    }

    /// A point that is not configured, or as it was before.
    pub(super) async fn open(&self, host: u8, resume: bool) -> DistributionPoint {
        let directory = self.directory(host);
        fs::create_dir_all(&directory).unwrap();
        DistributionPoint::open(directory, self.surroundings(host), resume).await.unwrap()
    }

    /// Where a point is: all of them share an authority, and are reached by their IP addresses.
    pub(super) fn surroundings(&self, host: u8) -> Surroundings {
        let ip = self.ip(host);
        let certificates = Certificates::open(self.home.path(), None, clock::now()).unwrap();
        let host = ip.to_string().parse().unwrap();
        Surroundings { ip, host, addresses: Addresses::system(), certificates }
    }

    /// A point with these settings.
    pub(super) async fn configured(
        &self,
        host: u8,
        settings: DistributionPointSettings,
    ) -> DistributionPoint {
        let point = self.open(host, true).await;
        point.configure(name(&format!("dp-{host}")), settings).await.unwrap();
        point
    }

    /// A standard distribution point.
    pub(super) async fn standard_point(&self, host: u8) -> DistributionPoint {
        self.configured(host, standard()).await
    }

    /// A pull distribution point, with its sources by number.
    pub(super) async fn pull_point(&self, host: u8, sources: &[(u32, u8)]) -> DistributionPoint {
        self.configured(host, self.pulling(sources)).await
    }

    /// Takes files in as a package on the site server.
    pub(super) async fn take(
        &self,
        number: u32,
        version: u32,
        files: &[(String, Vec<u8>)],
    ) -> PackageState {
        state(self.try_to_take(number, version, files).await.unwrap())
    }

    /// The same, where it may be refused.
    pub(super) async fn try_to_take(
        &self,
        number: u32,
        version: u32,
        files: &[(String, Vec<u8>)],
    ) -> Result<AgentOutcome, PackageLibraryError> {
        let source = self.home.path().join(format!("source-{number}-{version}"));
        for (path, content) in files {
            let path = source.join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, content).unwrap();
        }
        let silent = Reporter::silent();
        let origin = PackageOrigin {
            name: name("package"),
            source: TakenSource::Path(source.to_str().unwrap().to_owned()),
            display_name: None,
            priority: Priority::Medium,
        };
        self.site_server.take(&package(number), version, origin, None, &silent).await
    }

    /// Sends a package to a standard point through its admin port.
    pub(super) async fn send(
        &self,
        number: u32,
        version: u32,
        point: &DistributionPoint,
    ) -> PackageState {
        state(self.send_paced(number, version, point, None).await.unwrap())
    }

    /// The same, under the limits of the point.
    pub(super) async fn send_paced(
        &self,
        number: u32,
        version: u32,
        point: &DistributionPoint,
        pacing: Option<&Pacing>,
    ) -> Result<AgentOutcome, PackageLibraryError> {
        self.send_to(number, version, point.admin_router(), pacing).await
    }

    /// Sends a package to an admin port, or to what is put before it.
    pub(super) async fn send_to(
        &self,
        number: u32,
        version: u32,
        router: Router,
        pacing: Option<&Pacing>,
    ) -> Result<AgentOutcome, PackageLibraryError> {
        let port = OpenPort::open(self.ip(250), 0, router).await.unwrap();
        let admin = client(&Addresses::system()).unwrap();
        let to = format!("http://{}", port.address());
        let (package, from, silent) = (package(number), name("cen-srv"), Reporter::silent());
        let sending = Sending { package: &package, version, from: &from, to: &to, pacing };
        let sent = self.site_server.send(sending, &admin, &silent).await;
        port.close().await;
        sent
    }

    /// The library of the site server, behind whatever `wrap` puts before it, as a source.
    pub(super) async fn wrapped_source(
        &self,
        host: u8,
        wrap: impl FnOnce(Router) -> Router,
    ) -> OpenPort {
        let library: Library = self.site_server.library.clone();
        let (nobody, name) = (WeakPoint::default(), watch::Sender::default().subscribe());
        let router = super::super::serving::router(library, nobody, name);
        OpenPort::open(self.ip(host), PORT, wrap(router)).await.unwrap()
    }

    /// The same, counting requests.
    pub(super) async fn counted_source(&self, host: u8) -> (OpenPort, Requests) {
        let requests = Requests::default();
        let port = self.wrapped_source(host, |router| requests.count(router)).await;
        (port, requests)
    }
}

/// How often each path was asked for, with each range. Files of a bundle count as asked for by
/// themselves too.
type Counts = BTreeMap<(String, Option<String>), u32>;

/// The requests that came to a source.
#[derive(Clone, Default)]
pub(super) struct Requests(Arc<Mutex<Counts>>);

impl Requests {
    pub(super) fn count(&self, router: Router) -> Router {
        let requests = self.clone();
        router.layer(axum::middleware::from_fn(move |request: Request, next: Next| {
            let requests = requests.clone();
            async move {
                let range =
                    request.headers().get("range").map(|it| it.to_str().unwrap().to_owned());
                let key = (request.uri().path().to_owned(), range);
                *requests.0.lock().unwrap().entry(key).or_default() += 1;
                if request.method() != "POST" {
                    return next.run(request).await;
                }
                let (parts, body) = request.into_parts();
                let body = axum::body::to_bytes(body, Bundle::MAX_REQUEST).await.unwrap();
                for digest in Bundle::decode(&body).unwrap().files {
                    let key = (format!("/files/{}", digest.to_hex()), Some("together".to_owned()));
                    *requests.0.lock().unwrap().entry(key).or_default() += 1;
                }
                let answer: Response = next.run(Request::from_parts(parts, body.into())).await;
                answer
            }
        }))
    }

    pub(super) fn all(&self) -> Counts {
        self.0.lock().unwrap().clone()
    }

    /// Those for files, in whatever way they were asked for.
    pub(super) fn files(&self) -> BTreeMap<String, u32> {
        let mut files = BTreeMap::new();
        for ((path, _), count) in self.all() {
            if path.starts_with("/files/") {
                *files.entry(path).or_default() += count;
            }
        }
        files
    }
}

pub(super) fn state(outcome: AgentOutcome) -> PackageState {
    match outcome {
        AgentOutcome::Package(state) => state,
        other => panic!("{other:?} is not a package"),
    }
}

/// Notifies a point and follows the transfer to its end.
pub(super) async fn pull(
    point: &DistributionPoint,
    number: u32,
    wanted: &PackageState,
) -> PackageState {
    point.pull(package(number), wanted.version, wanted.digest).await.unwrap();
    state(point.follow(&package(number), &Reporter::silent()).await.unwrap())
}

/// Follows a transfer until it waits for a source; the reason.
pub(super) async fn waits(point: &DistributionPoint, number: u32) -> String {
    let (events, mut told) = mpsc::channel(64);
    let point = point.clone();
    let following =
        tokio::spawn(async move { point.follow(&package(number), &Reporter::new(events)).await });
    let why = loop {
        if let AgentEvent::Waiting { why, .. } = told.recv().await.expect("it waits") {
            break why;
        }
    };
    following.abort();
    why
}

pub(super) async fn observed(point: &DistributionPoint) -> DistributionPointState {
    point.state().await.unwrap().unwrap()
}

/// Some small files, an empty one, two of the same content and a larger one.
pub(super) fn some_files() -> Vec<(String, Vec<u8>)> {
    let mut files: Vec<_> = (0..40_u8)
        .map(|n| (format!("d{}/f{n}.bin", n % 3), vec![n; usize::from(n) * 100]))
        .collect();
    files.push(("again.bin".to_owned(), vec![7; 700]));
    files.push(("large.cab".to_owned(), large(3 << 20)));
    files
}

/// Bytes in which every part looks different.
pub(super) fn large(size: usize) -> Vec<u8> {
    let mut bytes: Vec<u8> = (0..=size as u64 / 8).flat_map(|n| (n * n).to_le_bytes()).collect();
    bytes.truncate(size);
    bytes
}

/// The contents of a library's files by name, but for those that are aside.
pub(super) fn stored(directory: &Path) -> BTreeMap<String, Vec<u8>> {
    let children = |directory: PathBuf| {
        fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path()).collect::<Vec<_>>()
    };
    let library = directory.join("library");
    let mut found = BTreeMap::new();
    for path in children(library.join("files")).into_iter().flat_map(children) {
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        found.insert(name, fs::read(path).unwrap());
    }
    for path in children(library.join("packs")) {
        let pack = fs::read(&path).unwrap();
        let mut at = if path.extension().unwrap() == "pack" { 16 } else { pack.len() };
        while let Some(head) = pack.get(at..at + 48) {
            let length = u32::from_be_bytes(head[4..8].try_into().unwrap()) as usize;
            let Some(bytes) = pack.get(at + 48..at + 48 + length) else { break };
            if head[3] == b'L' {
                found.insert(hex::encode(&head[8..40]), bytes.to_vec());
            }
            at += 48 + length;
        }
    }
    for list in children(library.join("retired")) {
        for line in fs::read_to_string(list).unwrap_or_default().lines() {
            found.remove(line);
        }
    }
    found
}
