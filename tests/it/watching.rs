//! The port of a controller for programs that watch it, and the hook of a git server.

use std::{fs, process::Command};

use super::{
    gitops::repository::Repository,
    http::{Answer, get, request},
    running::Running,
    world::World,
};

const SECRET: &str = "a secret of this test";

/// A controller that is watched. Nothing is fetched before an hour is over, unless somebody asks.
fn watched(world: &World, repository: &Repository, log: &str, more: &[&str]) -> (Running, String) {
    let secret = world.path("secret");
    fs::write(&secret, SECRET).unwrap();
    let source = repository.source();
    let arguments = ["controller", "--source", &source, "--every", "1h", "--listen", "127.0.0.1:0"];
    let hook = ["--hook-secret-file", secret.to_str().unwrap()];
    let mut running = world.start(&[&arguments[..], &hook, more].concat(), log);
    let mut address = String::new();
    assert!(running.until(|line| {
        // In a line of JSON it ends with a quotation mark.
        let rest = line.split("watch it at http://").nth(1).and_then(|it| it.split('"').next());
        rest.inspect(|rest| (*rest).clone_into(&mut address)).is_some()
    }));
    (running, address)
}

/// The HMAC of a text by a program that is not ours.
fn signature(text: &str) -> String {
    let mut command = assert_cmd::Command::from_std(Command::new("openssl"));
    let hmac = ["dgst", "-sha256", "-hmac", SECRET];
    let output = command.args(hmac).write_stdin(text).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let text = String::from_utf8(output.stdout).unwrap();
    text.trim().rsplit(' ').next().unwrap().to_owned()
}

fn call(address: &str, headers: &[(&str, &str)], body: &str) -> Answer {
    request(address, "POST", "/hooks/git", headers, body).unwrap()
}

fn metrics(address: &str) -> String {
    let answer = get(address, "/metrics", &[]);
    assert_eq!(answer.status, 200);
    let form = answer.header("content-type").unwrap();
    assert_eq!(form, "application/openmetrics-text; version=1.0.0; charset=utf-8");
    answer.text()
}

#[track_caller]
fn until_done(running: &mut Running) {
    let done = |line: &str| line.ends_with("done. The hierarchy is as the manifests say.");
    assert!(running.until(done), "{:?}", running.said);
}

#[test]
fn a_push_is_in_force_at_once_and_everything_can_be_watched() {
    let world = World::converged("minimal");
    let repository = Repository::of(&world);
    let (mut running, address) = watched(&world, &repository, "warn", &[]);
    assert_eq!(get(&address, "/livez", &[]).status, 200);
    assert!(running.until(|line| line.starts_with("Nothing to do")), "{:?}", running.said);
    // What was said was said a moment after the pass had ended.
    let ready = get(&address, "/readyz", &[]);
    assert_eq!((ready.status, &*ready.text()), (200, "ready\n"));
    let first = repository.git(&["rev-parse", "HEAD"]);
    let text = metrics(&address);
    assert!(text.contains(&format!("commit=\"{first}\"")), "{text}");
    assert!(text.contains("headwater_passes_total{outcome=\"complete\"} 1\n"), "{text}");
    assert!(text.contains("headwater_source_reachable 1.0\n"), "{text}");
    assert!(text.contains("headwater_distribution_points{site=\"ONE\",manner=\"standard\"} 1.0\n"));

    repository.edit("http: 8080", "http: 8090");
    let second = repository.commit(&[]);
    let body = format!(r#"{{"ref": "refs/heads/main", "after": "{second}"}}"#);
    let tag = signature(&body);
    let signed = format!("sha256={tag}");
    let other = r#"{"ref": "refs/heads/other"}"#;

    // Others know nothing, or ask for something else: nothing is fetched.
    assert_eq!(call(&address, &[], &body).status, 401);
    assert_eq!(call(&address, &[("X-Hub-Signature-256", &signed)], other).status, 403);
    let other_signed = format!("sha256={}", signature(other));
    let headers = [("X-Hub-Signature-256", &*other_signed), ("X-GitHub-Event", "push")];
    let answer = call(&address, &headers, other);
    assert_eq!(answer.status, 202);
    assert!(answer.text().contains("about `refs/heads/other`"), "{}", answer.text());
    let text = metrics(&address);
    assert!(text.contains("headwater_hooks_total{outcome=\"refused\"} 2\n"), "{text}");
    assert!(text.contains("headwater_hooks_total{outcome=\"ignored\"} 1\n"), "{text}");

    let headers = [("X-Hub-Signature-256", &*signed), ("X-GitHub-Event", "push")];
    let answer = call(&address, &headers, &body);
    assert_eq!(answer.status, 202);
    assert!(answer.text().contains("is fetched now"), "{}", answer.text());
    let in_force = format!("commit {} is in force", &second[..12]);
    assert!(running.until(|line| line.starts_with(&in_force)), "{:?}", running.said);
    until_done(&mut running);
    assert!(world.listener("content").ends_with(":8090"));
    let text = metrics(&address);
    let done = "headwater_actions_total{kind=\"ConfigureDistributionPoint\",outcome=\"done\"} 1\n";
    assert!(text.contains(done), "{text}");

    // The same for a server of another kind; and the same once more does nothing.
    repository.edit("http: 8090", "http: 8100");
    let third = repository.commit(&[]);
    let headers = [("X-Gitea-Signature", &*tag), ("X-Gitea-Event", "push")];
    for _ in 0..2 {
        assert_eq!(call(&address, &headers, &body).status, 202);
    }
    let in_force = format!("commit {} is in force", &third[..12]);
    assert!(running.until(|line| line.starts_with(&in_force)), "{:?}", running.said);
    until_done(&mut running);

    for (method, path, status) in
        [("GET", "/", 404), ("GET", "/hooks/git", 405), ("POST", "/metrics", 405)]
    {
        assert_eq!(request(&address, method, path, &[], "").unwrap().status, status, "{path}");
    }
    let (code, said) = running.terminate();
    assert_eq!(code, 0, "{said:?}");
}

#[test]
fn one_id_finds_all_lines_of_a_pass_at_the_controller_and_its_agents() {
    let world = World::converged("minimal");
    let repository = Repository::of(&world);
    repository.edit("http: 8080", "http: 8090");
    repository.commit(&[]);
    let (mut running, _) = watched(&world, &repository, "info", &["--log-format", "json"]);
    let ended = |line: &str| {
        line.contains("the hierarchy is as the manifests say.\"")
            || line.contains("The hierarchy is as the manifests say.\"")
    };
    assert!(running.until(ended), "{:?}", running.said);
    let (code, said) = running.terminate();
    assert_eq!(code, 0, "{said:?}");
    let lines: Vec<serde_json::Value> =
        said.iter().map(|line| serde_json::from_str(line).expect(line)).collect();
    let begins = lines.iter().find(|line| line["message"] == "a pass begins").unwrap();
    let id = begins["trace_id"].as_str().unwrap();
    assert_eq!(id.len(), 32);
    let of_pass =
        |message: &str| lines.iter().find(|it| it["trace_id"] == id && it["message"] == message);
    assert!(of_pass("an action begins").is_some(), "{said:#?}");
    assert!(of_pass("the pass has ended").is_some(), "{said:#?}");
    // What the agent says of the same work, which it was told over HTTP.
    let carried = lines.iter().find(|it| {
        it["message"] == "a command was carried out"
            && it["command"] == "ConfigureDistributionPoint"
    });
    let carried = carried.unwrap();
    assert_eq!((&carried["trace_id"], &carried["site_system"]), (&id.into(), &"server".into()));
    // What is printed for people is a line of JSON too.
    let printed = lines.iter().find(|it| it["target"] == "headwater::message").unwrap();
    assert_eq!(printed["level"], "INFO");
}

#[test]
fn what_cannot_be_watched_is_refused_at_once() {
    let world = World::of("minimal");
    let short = world.path("short");
    fs::write(&short, "short").unwrap();
    let short = short.to_str().unwrap();
    let source = "git+file:///srv/nothing";
    let listen = ["--listen", "127.0.0.1:0"];
    for (arguments, expected) in [
        (vec!["--hook-secret-file", short], "--listen"),
        ([&listen[..], &["--hook-secret-file", short]].concat(), "at least 16 characters"),
        ([&listen[..], &["--hook-secret-file", "/no/such/file"]].concat(), "/no/such/file"),
        (vec!["--listen", "localhost"], "--listen"),
    ] {
        let arguments = [vec!["controller", "--source", source], arguments].concat();
        let ended = world.run(&arguments).expect(2);
        assert!(ended.stderr.contains(expected), "{}", ended.stderr);
    }
    let arguments = ["controller", "--source", "manifests", "--hook-secret-file", short];
    let ended = world.run(&[&arguments[..], &listen].concat()).expect(2);
    assert!(ended.stderr.contains("is for git repositories"), "{}", ended.stderr);
}
