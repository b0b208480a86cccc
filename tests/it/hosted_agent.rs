//! Agents as a cluster starts them: before there is a token, and where declared addresses are names that no name
//! service knows.

use std::{fs, net::TcpStream};

use super::{
    http::get,
    remote_agent::{AGENT_PORT, own_ip},
    running::Running,
    world::{World, root},
};

/// `store` is sent to by the site server, and `branch` pulls from `store` by its declared address, which is a
/// name. Both run on computers of their own.
fn world() -> World {
    let world = World::of("minimal");
    world.edit("headwater.yaml", "server.contoso.example", &own_ip(&world, 1));
    world.edit(
        "headwater.yaml",
        "    distributionPoints:\n      - content",
        "    distributionPoints:\n      - content\n      - store\n      - branch",
    );
    let pulls = "  pull:\n    sources:\n      - distributionPoint: store\n";
    for (name, number, more) in [("store", 2, ""), ("branch", 3, pulls)] {
        let ip = own_ip(&world, number);
        world.append(
            "headwater.yaml",
            &format!(
                "---\napiVersion: headwater.dev/v1alpha1\nkind: SiteSystem\nmetadata:\n  name: \
                 {name}\nspec:\n  site: one\n  address: {name}.contoso.example\n  placement: Remote\n  \
                 agent:\n    url: https://{ip}:{AGENT_PORT}\n---\n\
                 apiVersion: headwater.dev/v1alpha1\nkind: DistributionPoint\nmetadata:\n  name: \
                 {name}\nspec:\n  site: one\n  siteSystem: {name}\n  ports: content\n{more}"
            ),
        );
    }
    world
}

/// Starts one as its pod does.
fn start(world: &World, name: &str, ip: &str) -> Running {
    let listen = format!("{ip}:{AGENT_PORT}");
    let at = |what: &str| world.path(&format!("{name}-{what}")).to_str().unwrap().to_owned();
    let (token, names, data) = (at("token"), at("names"), at("data"));
    let arguments = ["agent", "--name", name, "--listen", &listen, "--join-token-file", &token];
    let arguments = [&arguments[..], &["--names-file", &names, "--data", &data]].concat();
    world.start(&arguments, "warn")
}

fn token(world: &World, name: &str) -> String {
    world.run(&["join-token", name]).expect(0).stdout
}

#[test]
fn an_agent_waits_for_its_token_and_finds_others_where_a_file_says() {
    let world = world();
    let (store_ip, branch_ip) = (own_ip(&world, 2), own_ip(&world, 3));
    let mut store = start(&world, "store", &store_ip);
    let mut branch = start(&world, "branch", &branch_ip);
    for (agent, name, ip) in [(&mut store, "store", &store_ip), (&mut branch, "branch", &branch_ip)]
    {
        assert!(agent.until(|line| line.contains("waits for its token in ")), "{:?}", agent.said);
        TcpStream::connect(format!("{ip}:{AGENT_PORT}")).unwrap();
        // One that counts no more when it arrives, because another one was made.
        let late = token(&world, name);
        let (good, file) = (token(&world, name), world.path(&format!("{name}-token")));
        fs::write(&file, late).unwrap();
        assert!(agent.until(|line| line.contains("waits at https://")), "{:?}", agent.said);
        fs::write(&file, good).unwrap();
        assert!(agent.until(|line| line.contains("waits at https://")), "{:?}", agent.said);
    }
    fs::write(world.path("branch-names"), format!("store.contoso.example {store_ip}\n")).unwrap();
    // The controller knows none of the two names, and says so: only `branch` has a file.
    let converged = world.with_manifests("up --once").expect(1).stdout;
    let mut failed = converged.lines().filter(|line| line.starts_with("failed"));
    assert!(failed.all(|line| line.contains("VerifyPorts:")), "{converged}");
    let welcome = fs::read(root().join("examples/minimal/content/welcome/welcome.txt")).unwrap();
    let served = |ip: &str| {
        let answer = get(&format!("{ip}:8080"), "/content/ONE00001/welcome.txt", &[]);
        (answer.status, answer.body)
    };
    assert_eq!(served(&store_ip), (200, welcome.clone()));
    assert_eq!(served(&branch_ip), (200, welcome), "it has found `store`");

    // The secret of one that has joined may go.
    fs::remove_file(world.path("store-token")).unwrap();
    store.kill();
    let mut store = start(&world, "store", &store_ip);
    assert!(store.until(|line| line.contains("answers at https://")), "{:?}", store.said);
    // Ended while it waits, it ends well.
    let (code, said) = start_waiting(&world).terminate();
    assert_eq!(code, 0, "{said:?}");
}

fn start_waiting(world: &World) -> Running {
    let mut agent = start(world, "third", &own_ip(world, 4));
    assert!(agent.until(|line| line.contains("waits for its token in ")), "{:?}", agent.said);
    agent
}
