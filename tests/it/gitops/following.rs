//! `headwater controller`: a hierarchy that follows a git repository, with the real program `git`.

use std::{fs, process::Command};

use assert_cmd::cargo::cargo_bin;
use serde_json::Value;

use super::repository::{
    Repository, controller, manifests, port, ssh_key, until, until_done, until_nothing_to_do,
};
use crate::world::World;

#[test]
fn commits_are_brought_about_and_a_broken_one_is_refused_whole() {
    let world = World::converged("minimal");
    let repository = Repository::of(&world);
    let first = repository.git(&["rev-parse", "HEAD"]);
    let mut running = controller(&world, &repository.source(), &[]);
    until_nothing_to_do(&mut running, &first);
    repository.edit("http: 8080", "http: 8090");
    let good = repository.commit(&[]);
    until_done(&mut running, &good);
    assert_eq!(port(&world), "8090");
    let told = manifests(&world);
    assert_eq!(told["source"], repository.source());
    assert_eq!((&told["commit"]["id"], &told["refused"]), (&good.as_str().into(), &Value::Null));

    // One document is broken, another one would move the port: nothing of it is done.
    repository.edit("http: 8090", "http: 8095");
    repository.edit("type: Primary", "type: Primray");
    let broken = repository.commit(&[]);
    until(
        &mut running,
        &format!("commit {} is refused: the manifests are not valid", &broken[..12]),
    );
    let told = manifests(&world);
    assert_eq!(told["commit"]["id"], good);
    assert_eq!(told["refused"]["id"], broken);
    let why = told["refused"]["why"].as_str().unwrap();
    assert!(why.contains("hierarchy/headwater.yaml:") && why.contains("Primray"), "{why}");
    assert_eq!(port(&world), "8090");
    let text = world.run(&["status"]).expect(0).stdout;
    assert!(text.contains(&format!("in force: {} since ", &good[..12])), "{text}");
    assert!(text.contains(&format!("refused:  {} at ", &broken[..12])), "{text}");

    // The same after a restart, however it ended.
    running.kill();
    let mut running = controller(&world, &repository.source(), &[]);
    until(&mut running, &format!("commit {} is still in force", &good[..12]));
    until(&mut running, "Nothing to do");
    assert_eq!(manifests(&world)["commit"]["id"], good);
    assert_eq!(manifests(&world)["refused"]["id"], broken);
    assert_eq!(port(&world), "8090");

    repository.edit("type: Primray", "type: Primary");
    let mended = repository.commit(&[]);
    until_done(&mut running, &mended);
    assert_eq!(manifests(&world)["refused"], Value::Null);
    assert_eq!(port(&world), "8095");

    // Somebody rewrites what was there.
    repository.git(&["reset", "--quiet", "--hard", &first]);
    repository.edit("http: 8080", "http: 8100");
    let other = repository.commit(&["--amend"]);
    until_done(&mut running, &other);
    assert_eq!(port(&world), "8100");
    let (code, said) = running.terminate();
    assert_eq!(code, 0, "{said:?}");
    let sources = fs::read_dir(world.data().join("sources")).unwrap().next().unwrap().unwrap();
    let kept = fs::read_dir(sources.path().join("commits")).unwrap().count();
    assert!((1..=3).contains(&kept), "{kept}");

    // Manifests of a directory: nothing of git is in force any more.
    let directory = world.manifests();
    let arguments = ["controller", "--source", directory.to_str().unwrap(), "--every", "1h"];
    let mut running = world.start(&arguments, "warn");
    assert!(running.until(|line| line.ends_with("done. The hierarchy is as the manifests say.")));
    assert_eq!((manifests(&world), &*port(&world)), (Value::Null, "8080"));
}

#[test]
fn a_source_that_is_gone_is_told_and_the_hierarchy_stays() {
    let world = World::converged("minimal");
    let repository = Repository::of(&world);
    let first = repository.git(&["rev-parse", "HEAD"]);
    let mut running = controller(&world, &repository.source(), &[]);
    until_nothing_to_do(&mut running, &first);
    let away = world.path("away");
    fs::rename(&repository.directory, &away).unwrap();
    until(&mut running, "git could not fetch the commit: ");
    let told = manifests(&world);
    assert_eq!(told["commit"]["id"], first);
    assert!(told["unreachable"]["why"].as_str().unwrap().contains("repository"), "{told}");
    running.kill();
    // Nor does anybody need it for a new start.
    let mut running = controller(&world, &repository.source(), &[]);
    until(&mut running, &format!("commit {} is still in force", &first[..12]));
    until(&mut running, "Nothing to do");
    assert_eq!(port(&world), "8080");
    fs::rename(&away, &repository.directory).unwrap();
    repository.edit("http: 8080", "http: 8090");
    let second = repository.commit(&[]);
    until(&mut running, &format!("{} can be fetched again", repository.source()));
    until_done(&mut running, &second);
    assert_eq!(manifests(&world)["unreachable"], Value::Null);
    assert_eq!(port(&world), "8090");
}

/// Nothing of it would happen for an hour, if it was not asked.
#[test]
fn a_signal_makes_it_fetch_at_once() {
    let world = World::of("minimal");
    let repository = Repository::of(&world);
    let source = repository.source();
    let arguments = ["controller", "--every", "1h", "--mode", "observe", "--source", &source];
    let mut running = world.start(&arguments, "warn");
    until(&mut running, &format!("commit {} is in force", &repository.head()[..12]));
    for _ in 0..2 {
        let commit = repository.commit(&[]);
        running.signal("USR1");
        until(&mut running, &format!("commit {} is in force", &commit[..12]));
    }
}

#[test]
fn only_commits_that_a_signer_has_signed_are_in_force() {
    let world = World::of("minimal");
    let repository = Repository::of(&world);
    let ((ada, ada_signs), (bob, bob_signs)) = (ssh_key(&world, "ada"), ssh_key(&world, "bob"));
    let signers = world.path("signers");
    fs::write(&signers, &ada_signs).unwrap();
    let options = ["--signers", signers.to_str().unwrap(), "--mode", "observe"];
    let mut running = controller(&world, &repository.source(), &options);
    let refused = |commit: &str| format!("commit {} is refused: it is not signed", &commit[..12]);
    until(&mut running, &refused(&repository.git(&["rev-parse", "HEAD"])));
    assert!(world.run(&["status"]).expect(0).stdout.contains("in force: none"));
    until(&mut running, &refused(&repository.signed(&bob)));
    let signed = repository.signed(&ada);
    until(&mut running, &format!("commit {} is in force", &signed[..12]));
    // What it would do is told, and nothing else.
    until(&mut running, "Plan: ");
    until(&mut running, "Nothing of it is done");
    let unsigned = repository.commit(&[]);
    until(&mut running, &refused(&unsigned));
    let status = world.status();
    assert_eq!(status["siteSystems"].as_array().unwrap().len(), 0);
    assert_eq!(status["manifests"]["commit"]["id"], signed);
    assert_eq!(status["manifests"]["refused"]["id"], unsigned);
    let (code, said) = running.terminate();
    assert_eq!(code, 0, "{said:?}");

    // Ada may not sign any more: what she signed is not in force any more either.
    fs::write(&signers, &bob_signs).unwrap();
    let mut running = controller(&world, &repository.source(), &options);
    until(&mut running, &format!("commit {} is not in force any more", &signed[..12]));
    let signed = repository.signed(&bob);
    until(&mut running, &format!("commit {} is in force", &signed[..12]));
}

#[test]
fn what_cannot_be_followed_is_refused_at_once_and_without_the_password() {
    let world = World::of("minimal");
    let file = format!("git+file://{}", world.path("nothing").display());
    for (arguments, expected) in [
        (vec!["git+https://ada:s3cret@git.contoso.example/a"], "--git-credentials FILE"),
        (vec!["git+http://git.contoso.example/a"], "git+https://"),
        (vec!["https://ada:s3cret@git.contoso.example/a"], "git+https://HOST/PATH"),
        (vec!["git+ssh://git@git.contoso.example/a"], "--known-hosts FILE"),
        (vec![&*file, "--git-credentials", "Cargo.toml"], "leave them out"),
        (vec![&*file, "--signers", "/no/such/file"], "/no/such/file"),
        (vec![&*file, "--git-ca", "Cargo.toml"], "leave them out"),
        (vec!["manifests", "--signers", "Cargo.toml"], "leave them out"),
        (vec!["manifests", "--git-proxy", "http://a:1"], "leave them out"),
        (vec!["git+https://a/b", "--git-proxy", "http://ada:s3cret@a:1"], "--git-credentials"),
        (vec![&*file, "--verify", "tag"], "nobody may sign"),
        (vec![&*file, "--verify", "tag", "--signers", "Cargo.toml"], "needs a tag"),
        (vec![&*file, "--openpgp-keys", "Cargo.toml"], "has no OpenPGP keys"),
    ] {
        let ended = world.run(&[vec!["controller", "--source"], arguments].concat()).expect(2);
        assert!(ended.stderr.contains(expected), "{}", ended.stderr);
        assert!(!ended.stderr.contains("s3cret"), "{}", ended.stderr);
    }
    let without = Command::new(cargo_bin!("headwater"))
        .args(["controller", "--source", &file])
        .env("HEADWATER_DATA", world.data())
        .env("PATH", world.data())
        .output()
        .unwrap();
    let said = String::from_utf8(without.stderr).unwrap();
    assert_eq!(without.status.code(), Some(2), "{said}");
    assert!(said.contains("apt-get install git"), "{said}");
}
