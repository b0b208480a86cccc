//! Signatures of OpenPGP, and of tags: who may sign, and what nobody else can make of it.

use std::{
    ffi::OsStr,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use assert_cmd::cargo::cargo_bin;
use tempfile::TempDir;

use super::repository::{Repository, controller, manifests, ssh_key, until};
use crate::{running::Running, world::World};

/// Somebody with an OpenPGP key, in a keyring where it is trusted without bounds. Its path is short:
/// gpg's agent has a socket there.
struct Person {
    home: TempDir,
    address: String,
}

impl Person {
    fn named(name: &str) -> Self {
        let home = TempDir::new().unwrap();
        let address = format!("{name}@contoso.example");
        let person = Self { home, address };
        let user = format!("{name} <{}>", person.address);
        let key = ["--quick-generate-key", &user, "ed25519", "sign", "never"];
        person.gpg(&[&["--pinentry-mode", "loopback", "--passphrase", ""][..], &key].concat());
        person
    }

    fn gpg(&self, arguments: &[&str]) -> String {
        let mut command = Command::new("gpg");
        command.args(["--batch", "--quiet", "--yes"]).args(arguments);
        let output = command.env("GNUPGHOME", self.home.path()).output().unwrap();
        assert!(output.status.success(), "{arguments:?}: {output:?}");
        String::from_utf8(output.stdout).unwrap()
    }

    fn public(&self) -> String {
        self.gpg(&["--armor", "--export", &self.address])
    }

    /// Takes the key back.
    fn revoke(&self) {
        let certificates = fs::read_dir(self.home.path().join("openpgp-revocs.d")).unwrap();
        let path = certificates.map(|it| it.unwrap().path()).next().unwrap();
        // A colon keeps people from doing it by mistake.
        let text = fs::read_to_string(&path).unwrap().replace(":-----BEGIN", "-----BEGIN");
        fs::write(&path, text).unwrap();
        self.gpg(&["--import", path.to_str().unwrap()]);
    }

    fn git(&self, repository: &Repository, arguments: &[&str]) -> String {
        let key = format!("user.signingkey={}", self.address);
        let environment = [("GNUPGHOME", self.home.path().as_os_str())];
        repository.git_with(&environment, &[&["-c", &key], arguments].concat())
    }

    fn commit(&self, repository: &Repository) -> String {
        self.git(repository, &["commit", "--quiet", "--allow-empty", "-S", "-m", "a"]);
        repository.head()
    }
}

impl Drop for Person {
    fn drop(&mut self) {
        // It ends by itself when its directory is gone, but later.
        let mut command = Command::new("gpgconf");
        let _ = command.args(["--kill", "all"]).env("GNUPGHOME", self.home.path()).status();
    }
}

fn refused(commit: &str) -> String {
    format!("commit {} is refused: it is not signed", &commit[..12])
}

fn in_force(commit: &str) -> String {
    format!("commit {} is in force", &commit[..12])
}

/// A controller of somebody who has this keyring, who wants nothing but these options.
fn controller_of(world: &World, home: &Path, source: &str, options: &[&str]) -> Running {
    let mut command = Command::new(cargo_bin!("headwater"));
    command.args(["controller", "--every", "1s", "--mode", "observe", "--source", source]);
    command.env("HEADWATER_DATA", world.data()).env("GNUPGHOME", home);
    Running::of(command.args(options))
}

#[test]
fn only_keys_of_the_file_count_whatever_this_computer_trusts() {
    let world = World::of("minimal");
    let repository = Repository::of(&world);
    let (ada, bob) = (Person::named("ada"), Person::named("bob"));
    // Whoever runs it has Bob's key, and trusts every key.
    fs::write(bob.home.path().join("gpg.conf"), "trust-model always\n").unwrap();
    let keys = world.path("keys.asc");
    fs::write(&keys, ada.public()).unwrap();
    let (eve, eve_signs) = ssh_key(&world, "eve");
    let signers = world.path("signers");
    fs::write(&signers, eve_signs).unwrap();
    let openpgp = ["--openpgp-keys", keys.to_str().unwrap()];
    let source = repository.source();
    let mut running = controller_of(&world, bob.home.path(), &source, &openpgp);
    until(&mut running, &refused(&repository.head()));
    until(&mut running, &refused(&bob.commit(&repository)));
    // A key of ssh, where none may sign.
    until(&mut running, &refused(&repository.signed(&eve)));
    let good = ada.commit(&repository);
    until(&mut running, &in_force(&good));
    let unsigned = repository.commit(&[]);
    until(&mut running, &refused(&unsigned));
    // Bob is let in while it runs.
    fs::write(&keys, ada.public() + &bob.public()).unwrap();
    until(&mut running, &in_force(&bob.commit(&repository)));
    let last = ada.commit(&repository);
    until(&mut running, &in_force(&last));
    let (code, said) = running.terminate();
    assert_eq!(code, 0, "{said:?}");

    // Ada has taken her key back: what she has signed is not in force any more, nor will be.
    let late = ada.commit(&repository);
    ada.revoke();
    fs::write(&keys, ada.public() + &bob.public()).unwrap();
    let both = [&openpgp[..], &["--signers", signers.to_str().unwrap()]].concat();
    let mut running = controller_of(&world, bob.home.path(), &source, &both);
    until(&mut running, &format!("commit {} is not in force any more", &last[..12]));
    until(&mut running, &refused(&late));
    // Both kinds count now.
    until(&mut running, &in_force(&repository.signed(&eve)));
    until(&mut running, &in_force(&bob.commit(&repository)));
    let (code, said) = running.terminate();
    assert_eq!(code, 0, "{said:?}");

    // Keys of nobody, and a secret one, are refused at once.
    let secret = world.path("secret.asc");
    let exported = ["--pinentry-mode", "loopback", "--passphrase", "", "--armor"];
    let exported = [&exported[..], &["--export-secret-keys", &bob.address]].concat();
    fs::write(&secret, bob.gpg(&exported)).unwrap();
    let empty = world.path("empty.asc");
    fs::write(&empty, "").unwrap();
    for file in [&secret, &empty] {
        let arguments =
            ["controller", "--source", &source, "--openpgp-keys", file.to_str().unwrap()];
        let said = world.run(&arguments).expect(2).stderr;
        assert!(said.contains("has no OpenPGP keys that can be used"), "{said}");
    }
    crate::world::walk(&world.data().join("sources"), &mut |path: &Path| {
        assert_ne!(path.file_name(), Some(OsStr::new("keys")), "a key that nobody needs is left");
    });
}

/// A branch that nobody signs, and tags on it.
struct Tags {
    repository: Repository,
    key: PathBuf,
}

impl Tags {
    fn tag(&self, arguments: &[&str]) -> String {
        self.repository.git(&["commit", "--quiet", "--allow-empty", "-m", "a"]);
        let key = format!("user.signingkey={}", self.key.display());
        let settings = ["-c", "gpg.format=ssh", "-c", &key, "tag", "--force"];
        self.repository.git(&[&settings[..], arguments].concat());
        self.repository.head()
    }
}

#[test]
fn a_tag_counts_that_was_signed_under_its_name() {
    let world = World::of("minimal");
    let repository = Repository::of(&world);
    let ((key, ada_signs), (other, _)) = (ssh_key(&world, "ada"), ssh_key(&world, "bob"));
    let signers = world.path("signers");
    fs::write(&signers, ada_signs).unwrap();
    let carol = Person::named("carol");
    let keys = world.path("keys.asc");
    fs::write(&keys, carol.public()).unwrap();
    let tags = Tags { repository, key };
    let by_another = Tags {
        repository: Repository { directory: tags.repository.directory.clone() },
        key: other,
    };
    let source = tags.repository.source().replace("#main", "#production");
    let options = ["--verify", "tag", "--mode", "observe", "--signers", signers.to_str().unwrap()];
    let options = [&options[..], &["--openpgp-keys", keys.to_str().unwrap()]].concat();
    let refused = |commit: &str, why: &str| format!("commit {} is refused: {why}", &commit[..12]);

    let light = tags.tag(&["production"]);
    let mut running = controller(&world, &source, &options);
    until(&mut running, &refused(&light, "`production` does not lead to it by an annotated tag"));
    let unsigned = tags.tag(&["--annotate", "-m", "a", "production"]);
    until(&mut running, &refused(&unsigned, "its tag is not signed"));
    let by_bob = by_another.tag(&["--sign", "-m", "a", "production"]);
    until(&mut running, &refused(&by_bob, "its tag is not signed"));
    let good = tags.tag(&["--sign", "-m", "a", "production"]);
    until(&mut running, &in_force(&good));
    // A tag that Ada has signed for something else, moved by somebody who can write.
    let test = tags.tag(&["--sign", "-m", "a", "test"]);
    tags.repository.git(&["update-ref", "refs/tags/production", "refs/tags/test"]);
    until(&mut running, &refused(&test, "the tag says of itself that it is `test`"));
    assert_eq!(manifests(&world)["commit"]["id"], good);
    // Nor does it take back what is in force that somebody puts a tag beside which says nothing.
    tags.repository.git(&["update-ref", "refs/tags/production", &good]);
    until(&mut running, &refused(&good, "`production` does not lead to it by an annotated tag"));
    running.kill();

    // The tag of what is in force is remembered, though another one stands there now.
    let mut running = controller(&world, &source, &options);
    until(&mut running, &format!("commit {} is still in force", &good[..12]));
    running.terminate();
    // Also where the copy of the repository is lost, if the same people may sign.
    let copy = fs::read_dir(world.data().join("sources")).unwrap().next().unwrap().unwrap();
    let copy = copy.path().join("repository.git");
    fs::rename(&copy, world.path("lost")).unwrap();
    let mut running = controller(&world, &source, &options);
    until(&mut running, &format!("commit {} is still in force", &good[..12]));
    let commit = tags.tag(&["test"]);
    carol.git(&tags.repository, &["tag", "--force", "--sign", "-m", "a", "production"]);
    until(&mut running, &in_force(&commit));
    let (code, said) = running.terminate();
    assert_eq!(code, 0, "{said:?}");
    fs::rename(&copy, world.path("lost too")).unwrap();
    fs::write(&signers, "").unwrap();
    let mut running = controller(&world, &source, &options);
    until(&mut running, &format!("commit {} is not in force any more", &commit[..12]));
}
