//! Agents on computers of their own, joined over TLS: two of them beside a controller, as real processes.

use std::{fs, thread, time::Duration};

use serde_json::Value;

use super::{
    http::get,
    remote_agent::{AGENT_PORT, own_ip},
    running::Running,
    slow_source::trickle,
    world::{PATIENCE, World, root},
};

/// `content` is on the site server, which the controller hosts; `store` is sent to by the site server, and
/// `branch` pulls from `store`. Both run on computers of their own.
struct Fleet {
    world: World,
    store: String,
    branch: String,
}

impl Fleet {
    /// `store_at` is where clients find `store`; absent: where it is.
    fn new(store_at: Option<u8>) -> Self {
        let world = World::of("minimal");
        let [server, store, branch] = [1, 2, 3].map(|number| own_ip(&world, number));
        let address = store_at.map_or_else(|| store.clone(), |number| own_ip(&world, number));
        // The agents have no name service that knows the embedded hierarchy: IP addresses reach.
        world.edit("headwater.yaml", "server.contoso.example", &server);
        world.edit(
            "headwater.yaml",
            "    distributionPoints:\n      - content",
            "    distributionPoints:\n      - content\n      - store\n      - branch",
        );
        for (name, address, ip, more) in [
            ("store", &address, &store, ""),
            (
                "branch",
                &branch,
                &branch,
                "  pull:\n    sources:\n      - distributionPoint: store\n",
            ),
        ] {
            world.append(
                "headwater.yaml",
                &format!(
                    "---\napiVersion: headwater.dev/v1alpha1\nkind: SiteSystem\nmetadata:\n  name: \
                     {name}\nspec:\n  site: one\n  address: {address}\n  placement: Remote\n  \
                     agent:\n    url: https://{ip}:{AGENT_PORT}\n---\n\
                     apiVersion: headwater.dev/v1alpha1\nkind: DistributionPoint\nmetadata:\n  name: \
                     {name}\nspec:\n  site: one\n  siteSystem: {name}\n  ports: content\n{more}"
                ),
            );
        }
        Self { world, store, branch }
    }

    fn ip(&self, name: &str) -> &str {
        if name == "store" { &self.store } else { &self.branch }
    }

    /// Makes a token, as somebody carries it to the other computer.
    fn token(&self, name: &str) {
        let made = self.world.run(&["join-token", name]).expect(0);
        assert!(made.stdout.starts_with("headwater-join-"), "{}", made.stdout);
        assert!(made.stderr.contains("good once, until"), "{}", made.stderr);
        fs::write(self.world.path(&format!("{name}-token")), made.stdout).unwrap();
    }

    /// Starts an agent with the token that it was given last, used or not.
    fn start(&self, name: &str) -> Running {
        let listen = format!("{}:{AGENT_PORT}", self.ip(name));
        let (token, data) =
            (self.world.path(&format!("{name}-token")), self.world.path(&format!("{name}-data")));
        let arguments = [
            "agent",
            "--name",
            name,
            "--listen",
            &listen,
            "--join-token-file",
            token.to_str().unwrap(),
            "--data",
            data.to_str().unwrap(),
        ];
        let mut agent = self.world.start(&arguments, "warn");
        let said = format!("the agent of `{name}` ");
        assert!(agent.until(|line| line.starts_with(&said)), "{:?}", agent.said);
        agent
    }

    /// One that waits to be let in.
    fn waiting(&self, name: &str) -> Running {
        self.token(name);
        let agent = self.start(name);
        let last = agent.said.last().unwrap();
        assert!(last.contains("waits at https://"), "{last}");
        agent
    }

    /// One that has joined before.
    fn back(&self, name: &str) -> Running {
        let agent = self.start(name);
        let last = agent.said.last().unwrap();
        assert!(last.contains("answers at https://"), "{last}");
        agent
    }

    fn agents(&self) -> Value {
        self.world.run(&["agents", "--output", "json"]).expect(0).json()["agents"].clone()
    }

    /// Whether a distribution point serves the package, whatever its agent says of itself.
    fn serves(&self, name: &str) -> bool {
        let welcome =
            fs::read(root().join("examples/minimal/content/welcome/welcome.txt")).unwrap();
        let address = format!("{}:8080", self.ip(name));
        let answer = get(&address, "/content/ONE00001/welcome.txt", &[]);
        (answer.status, answer.body) == (200, welcome)
    }

    #[track_caller]
    fn is_at_rest(&self) {
        let plan = self.world.plan();
        assert_eq!(
            (&plan["complete"], plan["actions"].as_array().unwrap().len()),
            (&true.into(), 0)
        );
    }
}

#[test]
fn agents_join_with_their_tokens_and_stay_through_restarts_renewal_and_revocation() {
    let fleet = Fleet::new(None);
    // Nobody has joined: everything else is done, and it is said what to do.
    let first = fleet.world.with_manifests("up --once").expect(1);
    assert!(first.stdout.contains("`store` has not joined the hierarchy"), "{}", first.stdout);
    let store = fleet.waiting("store");
    let branch = fleet.waiting("branch");
    fleet.world.with_manifests("up --once").expect(0);
    fleet.is_at_rest();
    assert!(fleet.serves("store") && fleet.serves("branch"));
    for agent in fleet.agents().as_array().unwrap() {
        assert!(agent["joined"].is_string() && agent["certificateEnds"].is_string(), "{agent}");
        assert!(agent["revoked"].is_null() && agent["tokenEnds"].is_null(), "{agent}");
    }
    let shown = fleet.world.run(&["agents"]).expect(0).stdout;
    assert!(shown.contains(&format!("https://{}:{AGENT_PORT}", fleet.store)), "{shown}");

    // Killed or ended, each is itself again: the token that was used does no harm.
    branch.kill();
    let (code, said) = store.terminate();
    assert_eq!(code, 0, "{said:?}");
    let (store, branch) = (fleet.back("store"), fleet.back("branch"));
    fleet.is_at_rest();

    // Another key and certificate, while it serves.
    let identity = fleet.world.path("branch-data/joined/identity.json");
    let before = fs::read(&identity).unwrap();
    fleet.world.run(&["renew", "branch"]).expect(0);
    assert_ne!(fs::read(&identity).unwrap(), before);
    fleet.is_at_rest();
    branch.kill();
    let _branch = fleet.back("branch");
    fleet.is_at_rest();

    // Revoked, nobody talks to it; it serves its clients all the same.
    let revoked = fleet.world.run(&["revoke", "store"]).expect(0);
    assert!(revoked.stdout.contains("revoked at"), "{}", revoked.stdout);
    let plan = fleet.world.plan();
    assert_eq!(plan["complete"], false);
    assert!(plan["waiting"].to_string().contains("was revoked at"), "{plan}");
    assert!(fleet.serves("store"));
    let told = fs::read_to_string(fleet.world.path("branch-data/joined/roster.json")).unwrap();
    let told: Value = serde_json::from_str(&told).unwrap();
    assert!(told["agents"]["store"].is_null(), "{told}");
    assert!(told["refused"].as_array().unwrap().iter().any(|it| it["name"] == "store"), "{told}");

    // It joins anew, and has what it had.
    store.terminate();
    let _store = fleet.waiting("store");
    assert!(fleet.serves("store"), "while it waits");
    fleet.is_at_rest();
    assert!(fleet.agents()[1]["revoked"].is_null());
}

#[test]
fn a_token_that_is_not_the_one_that_waits_is_refused_on_both_sides() {
    let fleet = Fleet::new(None);
    fleet.token("store");
    let mut agent = fleet.start("store");
    // Another one is made, and never brought there.
    fleet.world.run(&["join-token", "store"]).expect(0);
    let refused = fleet.world.with_manifests("plan").expect(0);
    assert!(refused.stdout.contains("has not proven that it has the token"), "{}", refused.stdout);
    assert!(agent.until(|line| line.contains("the controller refuses: ")));
    // What is nobody's token is not even waited with.
    for (token, why) in
        [("", "does not begin with"), ("headwater-join-AAAA", "cut off or mistyped")]
    {
        fs::write(fleet.world.path("branch-token"), token).unwrap();
        let token = fleet.world.path("branch-token");
        let arguments = ["agent", "--name", "branch", "--join-token-file", token.to_str().unwrap()];
        let ended = fleet.world.run(&arguments).expect(2);
        assert!(ended.stderr.contains(why), "{}", ended.stderr);
    }
    fleet.world.run(&["join-token", "store", "--valid", "8d"]).expect(2);
    fleet.world.run(&["revoke", "nobody"]).expect(1);
    fleet.world.run(&["renew", "nobody"]).expect(1);
}

/// A controller is for telling what shall be. What agents have been told goes on without it.
#[test]
fn a_transfer_goes_on_while_the_controller_is_away() {
    let proxy = 4;
    let fleet = Fleet::new(Some(proxy));
    let large: Vec<u8> =
        (0..1 << 20).flat_map(|n: u64| ((n * n) ^ 0x5bd1_e995).to_le_bytes()).collect();
    let content = fleet.world.path("package");
    fs::create_dir(&content).unwrap();
    fs::write(content.join("large.cab"), &large).unwrap();
    let welcome = root().join("examples/minimal/content/welcome");
    fleet.world.edit("headwater.yaml", welcome.to_str().unwrap(), content.to_str().unwrap());
    let open = std::sync::Arc::default();
    trickle(
        &format!("{}:8080", own_ip(&fleet.world, proxy)),
        format!("{}:8080", fleet.store),
        &open,
    );
    let (_store, _branch) = (fleet.waiting("store"), fleet.waiting("branch"));
    let manifests = fleet.world.manifests();
    let arguments = ["up", "--every", "1s", manifests.to_str().unwrap()];
    let mut controller = fleet.world.start(&arguments, "warn");
    let row = |what: &str, is_it: &dyn Fn(&Value) -> bool| {
        let begun = std::time::Instant::now();
        loop {
            let command = "status --content --all --point branch --output json";
            let report = fleet.world.with_manifests_if_there(command);
            let row = report.map_or(Value::Null, |it| it["placements"][0].clone());
            if is_it(&row) {
                return;
            }
            assert!(begun.elapsed() < PATIENCE, "it never was {what}: {row}");
            thread::sleep(Duration::from_millis(200));
        }
    };
    row("in the middle", &|row| {
        row["state"] == "downloading" && row["bytesDone"].as_u64().is_some_and(|it| it > 0)
    });
    controller.kill_now();
    let library = fleet.world.path("branch-data/distribution-point/library/packages/ONE00001.json");
    assert!(!library.exists(), "it had to be in the middle");
    open.store(true, std::sync::atomic::Ordering::Relaxed);
    let begun = std::time::Instant::now();
    while !library.exists() {
        assert!(begun.elapsed() < PATIENCE, "it never came");
        thread::sleep(Duration::from_millis(50));
    }
    let answer = get(&format!("{}:8080", fleet.branch), "/content/ONE00001/large.cab", &[]);
    assert!(answer.status == 200 && answer.body == large);
    // Another controller sees it, and does what the other one has left.
    row("there", &|row| row["state"] == "available");
    let ended = fleet.world.with_manifests("up --once").expect(0);
    assert!(!ended.stderr.contains("DistributeContent"), "{}", ended.stderr);
    fleet.is_at_rest();
}

/// Content over HTTPS between computers that have nothing in common but the hierarchy: nobody carries
/// certificates to and fro.
#[test]
fn roles_of_agents_that_have_joined_trust_each_other() {
    let fleet = Fleet::new(None);
    fleet.world.edit("headwater.yaml", "  http: 8080\n", "  http: 8080\n  https: 8081\n");
    for name in ["store", "branch"] {
        let point = format!("  siteSystem: {name}\n  ports: content\n");
        let secured = format!("{point}  protocol: HTTPS\n");
        fleet.world.edit("headwater.yaml", &point, &secured);
    }
    // What the field wants of a computer that pulls over HTTPS (PDP-11).
    let agent = format!("    url: https://{}:{AGENT_PORT}\n", fleet.branch);
    let with_client = format!("{agent}  software:\n    client: \"2403\"\n");
    fleet.world.edit("headwater.yaml", &agent, &with_client);
    let point = "  siteSystem: store\n  ports: content\n  protocol: HTTPS\n";
    let asking = format!("{point}  clientCertificates: Require\n");
    fleet.world.edit("headwater.yaml", point, &asking);
    let (_store, _branch) = (fleet.waiting("store"), fleet.waiting("branch"));
    let ended = fleet.world.with_manifests("up --once").expect(0);
    assert!(ended.stderr.contains("DistributeContent:Package/welcome"), "{}", ended.stderr);
    fleet.is_at_rest();
    let checked = fleet.world.with_manifests("ports --check --output json");
    assert_eq!(checked.code, 0, "{}", checked.stdout);
    let library = fleet.world.path("branch-data/distribution-point/library/packages/ONE00001.json");
    assert!(library.exists());
}

/// The unit of the example is that of the README, and one that systemd takes, where there is systemd.
#[test]
fn the_unit_for_systemd_is_one() {
    let unit = root().join("examples/remote/headwater-agent.service");
    let unit = fs::read_to_string(unit).unwrap();
    let readme = fs::read_to_string(root().join("README.md")).unwrap();
    assert!(readme.contains(&format!("```ini\n{unit}```\n")));
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("headwater-agent.service");
    let here = unit.replace("/usr/local/bin/headwater", env!("CARGO_BIN_EXE_headwater"));
    assert_ne!(here, unit);
    fs::write(&file, here).unwrap();
    let verified = std::process::Command::new("systemd-analyze").arg("verify").arg(&file).output();
    let Ok(verified) = verified else { return };
    let said = String::from_utf8_lossy(&verified.stderr);
    assert!(verified.status.success() && said.is_empty(), "{said}");
}

#[test]
fn the_example_is_valid() {
    let example = root().join("examples/remote");
    let world = World::of("remote");
    let ended = world.run(&["validate", "--strict", example.to_str().unwrap()]).expect(0);
    assert!(!ended.stdout.contains("warning"), "{}", ended.stdout);
    let flows = world.run(&["ports", example.to_str().unwrap()]).expect(0).stdout;
    let to_agents: Vec<&str> = flows.lines().filter(|line| line.contains("8550")).collect();
    assert!(!to_agents.is_empty(), "{flows}");
    assert!(to_agents.iter().all(|line| line.contains("HTTPS")), "{flows}");
}
