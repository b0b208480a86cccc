//! A repository with manifests, and the controller that follows it.

use std::{
    ffi::OsStr,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::Value;

use crate::{running::Running, world::World};

/// A repository with manifests in `hierarchy/`.
pub(crate) struct Repository {
    pub(crate) directory: PathBuf,
}

impl Repository {
    /// The manifests of a world, committed.
    pub(crate) fn of(world: &World) -> Self {
        let repository = Self { directory: world.path("repository") };
        let inner = repository.directory.join("hierarchy");
        fs::create_dir_all(&inner).unwrap();
        fs::copy(world.manifests().join("headwater.yaml"), inner.join("headwater.yaml")).unwrap();
        repository.git(&["init", "--quiet", "--initial-branch=main"]);
        repository.commit(&[]);
        repository
    }

    pub(crate) fn source(&self) -> String {
        format!("git+file://{}#main:hierarchy", self.directory.display())
    }

    pub(crate) fn git(&self, arguments: &[&str]) -> String {
        self.git_with(&[], arguments)
    }

    /// Runs git with these variables in its environment.
    pub(crate) fn git_with(&self, environment: &[(&str, &OsStr)], arguments: &[&str]) -> String {
        let output = Command::new("git")
            .args(["-c", "user.name=Ada", "-c", "user.email=ada@contoso.example"])
            .args(arguments)
            .current_dir(&self.directory)
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .envs(environment.iter().copied())
            .output()
            .unwrap();
        assert!(output.status.success(), "{arguments:?}: {output:?}");
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    /// What the head is.
    pub(crate) fn head(&self) -> String {
        self.git(&["rev-parse", "HEAD"])
    }

    /// Commits everything; its identity.
    pub(crate) fn commit(&self, more: &[&str]) -> String {
        self.git(&["add", "--all"]);
        let commit = ["commit", "--quiet", "--allow-empty", "--message=a change"];
        self.git(&[&commit[..], more].concat());
        self.git(&["rev-parse", "HEAD"])
    }

    /// Commits what is signed with a key of ssh.
    pub(crate) fn signed(&self, key: &Path) -> String {
        let key = format!("user.signingkey={}", key.display());
        let commit = ["commit", "--quiet", "--allow-empty", "-S", "-m", "a"];
        self.git(&[&["-c", "gpg.format=ssh", "-c", &key][..], &commit].concat());
        self.head()
    }

    pub(crate) fn edit(&self, from: &str, to: &str) {
        let path = self.directory.join("hierarchy/headwater.yaml");
        let text = fs::read_to_string(&path).unwrap();
        assert_eq!(text.matches(from).count(), 1, "{from}");
        fs::write(path, text.replace(from, to)).unwrap();
    }
}

pub(crate) fn controller(world: &World, source: &str, more: &[&str]) -> Running {
    let arguments = ["controller", "--source", source, "--every", "1s"];
    world.start(&[&arguments[..], more].concat(), "warn")
}

/// Reads on until a line begins so.
#[track_caller]
pub(crate) fn until(running: &mut Running, begin: &str) {
    assert!(running.until(|line| line.starts_with(begin)), "{begin}: {:?}", running.said);
}

/// Reads on until a commit is in force and something was done for it. (A pass that began before may
/// still say that there was nothing to do.)
#[track_caller]
pub(crate) fn until_done(running: &mut Running, commit: &str) {
    until(running, &format!("commit {} is in force", &commit[..12]));
    let done = running.until(|line| line.ends_with("done. The hierarchy is as the manifests say."));
    assert!(done, "{:?}", running.said);
}

/// Reads on until a commit is in force, and nothing has to be done for it.
#[track_caller]
pub(crate) fn until_nothing_to_do(running: &mut Running, commit: &str) {
    until(running, &format!("commit {} is in force", &commit[..12]));
    until(running, "Nothing to do");
}

/// A key of ssh, and the line that lets it sign.
pub(crate) fn ssh_key(world: &World, name: &str) -> (PathBuf, String) {
    let path = world.path(name);
    let made = Command::new("ssh-keygen")
        .args(["-q", "-t", "ed25519", "-N", "", "-C", name, "-f"])
        .arg(&path)
        .status();
    assert!(made.unwrap().success());
    let public = fs::read_to_string(path.with_extension("pub")).unwrap();
    (path, format!("{name}@contoso.example {public}"))
}

pub(crate) fn manifests(world: &World) -> Value {
    world.status()["manifests"].clone()
}

pub(crate) fn port(world: &World) -> String {
    world.listener("content").rsplit_once(':').unwrap().1.to_owned()
}
