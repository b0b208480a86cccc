//! An API server of a test's own, which may be ended, stopped and made to forget.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{self, Command},
};

use serde_json::{Value, json};
use tempfile::TempDir;

/// It ends with the test, whatever happens.
pub(super) struct Server {
    directory: TempDir,
}

impl Server {
    /// Starts one; none where nobody wants API servers at all.
    #[expect(clippy::print_stderr, reason = "who runs the tests has to see it")]
    pub(super) fn start() -> Option<Self> {
        if std::env::var_os("HEADWATER_KUBERNETES").is_none() {
            eprintln!("NOT TESTED: there is no Kubernetes API server: see `scripts/kubernetes`");
            return None;
        }
        let server = Self { directory: tempfile::tempdir().unwrap() };
        server.up();
        Some(server)
    }

    pub(super) fn directory(&self) -> &Path {
        self.directory.path()
    }

    /// Starts what does not run of it.
    pub(super) fn up(&self) {
        let own = process::id().to_string();
        script(&["up", self.path(), "--with", &own]);
    }

    /// Ends one of its programs.
    pub(super) fn down(&self, program: &str) {
        script(&["down", self.path(), program]);
    }

    /// Sends a signal to one of its programs.
    pub(super) fn signal(&self, program: &str, name: &str) {
        let all = fs::read_to_string(self.directory().join("pids")).unwrap();
        let line = all.lines().find(|it| it.starts_with(&format!("{program} "))).unwrap();
        let id = line.split(' ').nth(1).unwrap();
        assert!(Command::new("kill").args(["-s", name, id]).status().unwrap().success());
    }

    /// Has what is older than now forgotten.
    pub(super) async fn forget(&self) {
        let ports = fs::read_to_string(self.directory().join("ports")).unwrap();
        let etcd = format!("http://127.0.0.1:{}/v3/kv", ports.split(' ').next().unwrap());
        let client = reqwest::Client::new();
        let ask = async |what: &str, body: Value| -> Value {
            let answer = client.post(format!("{etcd}/{what}")).json(&body).send().await.unwrap();
            answer.error_for_status().unwrap().json().await.unwrap()
        };
        // The key is `/`, in Base64; only the revision of the answer counts.
        let now = ask("range", json!({"key": "Lw=="})).await["header"]["revision"].clone();
        ask("compaction", json!({"revision": now, "physical": true})).await;
    }

    fn path(&self) -> &str {
        self.directory().to_str().unwrap()
    }
}

fn script(arguments: &[&str]) {
    let script = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("scripts/kubernetes");
    let ran = Command::new(script).args(arguments).output().unwrap();
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
}

impl Drop for Server {
    fn drop(&mut self) {
        let script = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("scripts/kubernetes");
        let _ = Command::new(script).args(["down", self.path()]).status();
    }
}
