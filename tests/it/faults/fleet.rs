//! A site server that is a source too, and pull distribution points: each a process of its own, told
//! what to do as a site does.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use headwater::{
    model::{Digest, PackageId, PackageState, PullJob, ValidationFindings},
    net::{Addresses, AdminHttp, AdminToken, AgentClient},
    wire::agent::{AgentCommand, AgentEvent, AgentOutcome},
};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tokio::{runtime::Runtime, sync::mpsc::unbounded_channel, time::timeout};

use super::super::{
    http::get,
    library::{Held, held},
    remote_agent::{AGENT_PORT, own_ip},
    running::Running,
    world::{PATIENCE, World, digest},
};

/// The port of content.
const CONTENT: u16 = 8480;

/// Files of a package by their path.
pub(crate) type Files = BTreeMap<String, Vec<u8>>;

/// What all processes of a test have in common.
pub(crate) struct Fleet {
    world: World,
    runtime: Runtime,
    token: AdminToken,
}

/// A process with the agent of a site system.
pub(crate) struct Node {
    pub(crate) running: Running,
    name: String,
    ip: String,
    directory: PathBuf,
    client: AgentClient,
}

/// How following a transfer ended.
#[derive(Debug)]
pub(crate) enum Followed {
    Done(PackageState),
    /// It waits for a source; the text says what each has answered.
    Waits(String),
    /// It cannot be followed any more.
    Broken(String),
}

fn from_json<T: DeserializeOwned>(value: Value) -> T {
    serde_json::from_value(value).unwrap()
}

pub(crate) fn package(number: usize) -> PackageId {
    format!("ONE{number:05}").parse().unwrap()
}

/// A large file and some small ones, which no other package has.
pub(crate) fn files(number: usize, large: usize, small: usize) -> Files {
    let bytes = |seed: usize, size: usize| -> Vec<u8> {
        // Each kibibyte is another one.
        let block: Vec<u8> = (0..128_u64).flat_map(|n| (n * n * n).to_le_bytes()).collect();
        let mut all = block.repeat(size / 1_024 + 1);
        for (n, block) in all.chunks_mut(1_024).enumerate() {
            block[..24].copy_from_slice([n, seed, number].map(usize::to_le_bytes).as_flattened());
        }
        all.truncate(size);
        all
    };
    let name = |n: usize| format!("d{}/f{n}.bin", n % 3);
    let small = (0..small).map(|n| (name(n), bytes(n + 1, 100 + n * 331 % 40_000)));
    small.chain([("large.cab".to_owned(), bytes(0, large))]).collect()
}

impl Fleet {
    pub(crate) fn new() -> Self {
        let world = World::of("minimal");
        let token = world.data().join("admin-token");
        fs::write(&token, "the token of a test\n").unwrap();
        let runtime = Runtime::new().unwrap();
        let token = AdminToken::read(&token).unwrap();
        Self { world, runtime, token }
    }

    /// A client for a URL, with connections of its own: those to a process that was killed are none.
    fn client(&self, url: &str) -> AgentClient {
        AdminHttp::with_token(&self.token, &Addresses::system()).unwrap().agent(url)
    }

    /// Where all of it happens.
    pub(crate) fn world(&self) -> &World {
        &self.world
    }

    /// A loopback address of this fleet alone.
    pub(crate) fn ip(&self, number: u8) -> String {
        own_ip(&self.world, number)
    }

    /// Starts the process of a site system; its data may be there already.
    pub(crate) fn node(&self, name: &str, number: u8) -> Node {
        let ip = own_ip(&self.world, number);
        let directory = self.directory(name);
        let running = self.start(name, &ip, &directory);
        let client = self.client(&format!("http://{ip}:{AGENT_PORT}"));
        Node { running, name: name.to_owned(), ip, directory, client }
    }

    /// Where the data of a site system is, or will be.
    pub(crate) fn directory(&self, name: &str) -> PathBuf {
        self.world.path(name)
    }

    fn start(&self, name: &str, ip: &str, directory: &Path) -> Running {
        let listen = format!("{ip}:{AGENT_PORT}");
        let token = self.world.data().join("admin-token");
        let (token, directory) = (token.to_str().unwrap(), directory.to_str().unwrap());
        let mut arguments = vec!["agent", "--name", name, "--listen", &listen];
        arguments.extend(["--token-file", token, "--data", directory]);
        let mut running = self.world.start(&arguments, "headwater=info");
        assert!(running.until(|line| line.starts_with("the agent of")), "{:?}", running.said);
        running
    }

    /// Ends a process as the power does, and starts it again on what is on its disk.
    pub(crate) fn kill(&self, node: &mut Node) {
        node.running.kill_now();
        node.client = self.client(node.client.url());
        node.running = self.start(&node.name, &node.ip, &node.directory);
    }

    /// Tells an agent to do something, to the end.
    #[track_caller]
    pub(crate) fn tell(&self, node: &Node, command: &AgentCommand) -> AgentOutcome {
        let work = async { timeout(PATIENCE, node.client.command(command, |_| {})).await };
        self.runtime.block_on(work).unwrap().unwrap()
    }

    /// A site server that holds these packages, and a distribution point on it.
    pub(crate) fn source(&self, packages: &BTreeMap<usize, Files>) -> (Node, Vec<PackageState>) {
        self.source_over("HTTP", packages)
    }

    /// The same over HTTPS.
    pub(crate) fn secured_source(
        &self,
        packages: &BTreeMap<usize, Files>,
    ) -> (Node, Vec<PackageState>) {
        self.source_over("HTTPS", packages)
    }

    fn source_over(
        &self,
        protocol: &str,
        packages: &BTreeMap<usize, Files>,
    ) -> (Node, Vec<PackageState>) {
        let node = self.node("source", 1);
        self.be_a_system(
            &node,
            Some(json!({
                "name": "one", "type": "Primary", "mode": "Mixed", "version": "2403",
            })),
        );
        self.be_a_point_over(protocol, &node, &[]);
        let states = packages.iter().map(|(number, files)| {
            let directory = self.world.path(&format!("content-{number}"));
            for (path, content) in files {
                let path = directory.join(path);
                fs::create_dir_all(path.parent().unwrap()).unwrap();
                fs::write(path, content).unwrap();
            }
            let package = package(*number);
            let take = from_json(json!({"takePackageSource": {
                "package": package, "version": 1,
                "origin": {"name": "package", "path": directory},
            }}));
            let AgentOutcome::Package(state) = self.tell(&node, &take) else {
                panic!("no package")
            };
            let to = node.client.url();
            let send = json!({"sendPackage": {"package": package, "version": 1, "to": to}});
            self.tell(&node, &from_json(send));
            state
        });
        let states = states.collect();
        (node, states)
    }

    /// A pull distribution point.
    pub(crate) fn puller(&self, name: &str, number: u8, sources: &[(u32, &str, String)]) -> Node {
        let node = self.node(name, number);
        self.be_a_system(&node, None);
        self.be_a_point(&node, sources);
        node
    }

    fn be_a_system(&self, node: &Node, site_server: Option<Value>) {
        let mut settings = json!({"site": "ONE", "address": node.ip, "software": {}});
        if let Some(site_server) = site_server {
            settings["siteServer"] = site_server;
        }
        self.tell(node, &AgentCommand::ConfigureSiteSystem(from_json(settings)));
    }

    /// Makes it a distribution point that pulls from these: number, name, URL.
    pub(crate) fn be_a_point(&self, node: &Node, sources: &[(u32, &str, String)]) {
        self.be_a_point_over("HTTP", node, sources);
    }

    fn be_a_point_over(&self, protocol: &str, node: &Node, sources: &[(u32, &str, String)]) {
        let mut settings = json!({
            "site": "ONE", "type": "Standard", "protocol": protocol, "prestaged": false,
            "onDemand": false,
            "ports": {"webSite": "Custom", "http": CONTENT, "https": CONTENT + 1},
        });
        if !sources.is_empty() {
            let source = |(priority, name, url): &(u32, &str, String)| json!({"priority": priority, "distributionPoint": name, "url": url});
            let sources: Vec<Value> = sources.iter().map(source).collect();
            settings["pull"] = json!({"enabled": true, "sources": sources});
        }
        let name = node.name.parse().unwrap();
        let settings = Box::new(from_json(settings));
        self.tell(node, &AgentCommand::ConfigureDistributionPoint { name, settings });
    }

    /// Notifies a pull distribution point.
    pub(crate) fn notify(&self, node: &Node, package: &PackageId, state: &PackageState) {
        let (package, version) = (package.clone(), state.version);
        let digest: Digest = state.digest;
        self.tell(node, &AgentCommand::PullPackage { package, version, digest });
    }

    /// Follows a transfer until it is done, or waits for a source.
    pub(crate) fn follow(&self, node: &Node, package: &PackageId) -> Followed {
        let command = AgentCommand::FollowPull { package: package.clone() };
        let (sender, mut waits) = unbounded_channel();
        let following = node.client.command(&command, |event| {
            if let AgentEvent::Waiting { why, .. } = event {
                sender.send(why.clone()).unwrap();
            }
        });
        self.runtime.block_on(async {
            tokio::select! {
                ended = following => match ended {
                    Ok(AgentOutcome::Package(state)) => Followed::Done(state),
                    other => Followed::Broken(format!("{other:?}")),
                },
                Some(why) = waits.recv() => Followed::Waits(why),
                () = tokio::time::sleep(PATIENCE) => panic!("{package} goes on for ever"),
            }
        })
    }

    /// Validates all content of a distribution point.
    #[track_caller]
    pub(crate) fn validate(&self, node: &Node) -> ValidationFindings {
        let command = from_json(json!({"validateContent": {"library": "distributionPoint"}}));
        match self.tell(node, &command) {
            AgentOutcome::Validated(findings) => findings,
            other => panic!("{other:?}"),
        }
    }

    /// The transfers of a pull distribution point that have not finished.
    pub(crate) fn jobs(&self, node: &Node) -> BTreeMap<PackageId, PullJob> {
        let state = self.runtime.block_on(node.client.state()).unwrap().unwrap();
        state.distribution_point.unwrap().pull_jobs
    }
}

impl Node {
    /// Ends its process, and removes its data.
    pub(crate) fn remove(self) {
        self.running.kill();
        fs::remove_dir_all(self.directory).unwrap();
    }

    /// Where it serves content.
    pub(crate) fn content(&self) -> String {
        format!("{}:{CONTENT}", self.ip)
    }

    /// Where it serves content over HTTPS.
    pub(crate) fn secured_content(&self) -> String {
        format!("{}:{}", self.ip, CONTENT + 1)
    }

    /// Where its agent answers.
    pub(crate) fn agent(&self) -> &str {
        self.client.url()
    }

    /// Where its data is.
    pub(crate) fn directory(&self) -> &Path {
        &self.directory
    }

    /// Whether a package can be seen there.
    pub(crate) fn publishes(&self, package: &PackageId) -> bool {
        match get(&self.content(), &format!("/packages/{package}"), &[]).status {
            200 => true,
            404 => false,
            status => panic!("it answers {status}"),
        }
    }

    /// Whatever of these files it serves by their digests is right, published or not.
    #[track_caller]
    pub(crate) fn assert_serves_nothing_wrong(&self, files: &Files) {
        for (path, content) in files {
            let answer = get(&self.content(), &format!("/files/{}", digest(content)), &[]);
            assert!(answer.status == 404 || answer.status == 200, "{path}: {}", answer.status);
            assert!(answer.status == 404 || answer.body == *content, "{path} is another file");
        }
    }

    /// None of these files has got there.
    #[track_caller]
    pub(crate) fn assert_serves_nothing(&self, files: &Files) {
        for (path, content) in files {
            let answer = get(&self.content(), &format!("/files/{}", digest(content)), &[]);
            assert_eq!(answer.status, 404, "{path}");
        }
    }

    /// What lies in its library under a digest has that digest.
    #[track_caller]
    fn assert_stores_nothing_wrong(&self) {
        let library = self.directory.join("distribution-point/library");
        assert!(held(&library).iter().all(Held::is_right));
    }

    /// It serves a package as it is.
    #[track_caller]
    pub(crate) fn assert_holds(&self, package: &PackageId, files: &Files) {
        self.assert_stores_nothing_wrong();
        for (path, content) in files {
            let answer = get(&self.content(), &format!("/content/{package}/{path}"), &[]);
            assert_eq!(answer.status, 200, "{path}");
            assert!(answer.body == *content, "{path} is another file");
        }
        let list = get(&self.content(), &format!("/packages/{package}"), &[]);
        let list: Value = serde_json::from_slice(&list.body).unwrap();
        assert_eq!(list["files"].as_array().unwrap().len(), files.len());
    }
}
