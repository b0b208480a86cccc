//! A hierarchy with a pull distribution point whose source is slow: between the two stands a proxy that
//! lets bytes through drop by drop until it is opened.

use std::{
    fs,
    io::{Read, Write},
    net::{Shutdown, TcpListener, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::Duration,
};

use super::{
    remote_agent::{self, AGENT_PORT, own_ip},
    running::Running,
    world::{PATIENCE, World},
};

/// How much of an answer comes at once before it begins to trickle: the list of files, say.
const AT_ONCE: usize = 64 << 10;

/// The size of the package's largest file.
pub(crate) const LARGE: usize = 12 << 20;

/// The hierarchy: `content` on the site server, `branch` on a computer of its own pulls from it, and
/// `leaf` pulls from `branch` through the proxy.
pub(crate) struct SlowSource {
    pub(crate) world: World,
    open: Arc<AtomicBool>,
    _agent: Running,
    up: Option<Running>,
}

impl SlowSource {
    /// `settings` are those of Package Transfer Manager.
    pub(crate) fn new(settings: &str) -> Self {
        let (world, branch) = remote_agent::world();
        let proxy = own_ip(&world, 3);
        world.edit(
            "headwater.yaml",
            &format!("address: {branch}\n"),
            &format!("address: {proxy}\n"),
        );
        world.edit(
            "headwater.yaml",
            "      - content\n      - branch",
            "      - content\n      - branch\n      - leaf",
        );
        world.edit(
            "headwater.yaml",
            "  siteServer: server\n",
            &format!(
                "  siteServer: server\n  softwareDistribution:\n    pullDistributionPoints: \
                 {settings}\n"
            ),
        );
        world.append(
            "headwater.yaml",
            "---\napiVersion: headwater.dev/v1alpha1\nkind: SiteSystem\nmetadata:\n  name: leaf\n\
             spec:\n  site: one\n  address: leaf.contoso.example\n---\n\
             apiVersion: headwater.dev/v1alpha1\nkind: DistributionPoint\nmetadata:\n  name: leaf\n\
             spec:\n  site: one\n  siteSystem: leaf\n  ports: content\n  pull:\n    enabled: true\n    \
             sources:\n      - distributionPoint: branch\n",
        );
        let content = world.path("package");
        fs::create_dir(&content).unwrap();
        let large: Vec<u8> =
            (0..LARGE as u64 / 8).flat_map(|n| ((n * n) ^ 0x5bd1_e995).to_le_bytes()).collect();
        fs::write(content.join("large.cab"), large).unwrap();
        let path = world.manifests().join("headwater.yaml");
        let text = fs::read_to_string(&path).unwrap();
        let begin = text.find("content/welcome").unwrap();
        let begin = text[..begin].rfind("path: ").unwrap();
        let end = begin + text[begin..].find('\n').unwrap();
        let text = format!("{}path: {}{}", &text[..begin], content.display(), &text[end..]);
        fs::write(&path, text).unwrap();
        // The agent has to know the hierarchy's token before there is a hierarchy.
        fs::write(world.data().join("admin-token"), "a token of this test\n").unwrap();
        let agent = remote_agent::agent(&world, &branch);
        assert!(agent.said.iter().any(|line| line.contains(&AGENT_PORT.to_string())));
        let open = Arc::new(AtomicBool::new(false));
        trickle(&format!("{proxy}:8080"), format!("{branch}:8080"), &open);
        Self { world, open, _agent: agent, up: None }
    }

    /// Starts `headwater up`, which looks at everything again every second.
    pub(crate) fn up(&mut self) -> &mut Running {
        let manifests = self.world.manifests();
        let arguments = ["up", "--every", "1s", manifests.to_str().unwrap()];
        self.up.insert(self.world.start(&arguments, "warn"))
    }

    /// From now on the source is as fast as any.
    pub(crate) fn open(&self) {
        self.open.store(true, Ordering::Relaxed);
    }

    /// How the package stands at `leaf`, once it is as the test wants it.
    #[track_caller]
    pub(crate) fn leaf_until(
        &mut self,
        what: &str,
        is_it: impl Fn(&serde_json::Value) -> bool,
    ) -> serde_json::Value {
        let begun = std::time::Instant::now();
        loop {
            let command = "status --content --all --point leaf --output json";
            let report = self.world.with_manifests_if_there(command);
            let row = report.map_or(serde_json::Value::Null, |it| it["placements"][0].clone());
            if is_it(&row) {
                return row;
            }
            assert!(begun.elapsed() < PATIENCE, "it never was {what}: {row}\n{}", self.said());
            thread::sleep(Duration::from_millis(200));
        }
    }

    /// What `headwater up` has said.
    fn said(&mut self) -> String {
        self.up.as_mut().map(|up| up.said_so_far().join("\n")).unwrap_or_default()
    }

    /// Waits until it has come in part.
    #[track_caller]
    pub(crate) fn in_the_middle(&mut self) -> serde_json::Value {
        self.leaf_until("in the middle", |row| {
            row["state"] == "downloading" && row["bytesDone"].as_u64().is_some_and(|it| it > 0)
        })
    }

    /// Numbers of the status messages about `leaf`, once they are as the test wants them.
    #[track_caller]
    pub(crate) fn messages_until(&mut self, is_it: impl Fn(&[u16]) -> bool) -> Vec<u16> {
        let begun = std::time::Instant::now();
        loop {
            let messages = self.world.messages("server").into_iter();
            let numbers: Vec<u16> =
                messages.filter(|(_, about)| about == "leaf").map(|(number, _)| number).collect();
            if is_it(&numbers) {
                return numbers;
            }
            assert!(begun.elapsed() < PATIENCE, "{numbers:?}\n{}", self.said());
            thread::sleep(Duration::from_millis(200));
        }
    }
}

/// Lets bytes through drop by drop until it is opened.
pub(crate) fn trickle(at: &str, to: String, open: &Arc<AtomicBool>) {
    let listener = TcpListener::bind(at).unwrap();
    let open = Arc::clone(open);
    thread::spawn(move || {
        for client in listener.incoming().map_while(Result::ok) {
            let Ok(server) = TcpStream::connect(&to) else { continue };
            let (there, back) = (server.try_clone().unwrap(), client.try_clone().unwrap());
            let open = Arc::clone(&open);
            thread::spawn(move || pass(client, there, |_| {}));
            thread::spawn(move || {
                let mut passed = 0;
                pass(server, back, move |length| {
                    passed += length;
                    if passed > AT_ONCE && !open.load(Ordering::Relaxed) {
                        thread::sleep(Duration::from_millis(100));
                    }
                });
            });
        }
    });
}

fn pass(mut from: TcpStream, mut to: TcpStream, mut passing: impl FnMut(usize)) {
    let mut buffer = vec![0; 8 << 10];
    while let Ok(length) = from.read(&mut buffer) {
        passing(length);
        if length == 0 || to.write_all(&buffer[..length]).is_err() {
            break;
        }
    }
    // The other direction ends as well; it may have ended already.
    let _ = to.shutdown(Shutdown::Both);
    let _ = from.shutdown(Shutdown::Both);
}
