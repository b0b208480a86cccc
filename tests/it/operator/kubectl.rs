//! The real `kubectl` and `helm`, and this program where `kubectl` finds it as a plugin.

use std::{
    env, fs,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
    process::Command,
    sync::OnceLock,
};

use serde_json::Value;

use super::cluster::Place;

/// Where the programs of `scripts/kubernetes helm` are.
pub(super) fn programs() -> &'static Path {
    static PROGRAMS: OnceLock<PathBuf> = OnceLock::new();
    PROGRAMS.get_or_init(|| {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts/kubernetes");
        let said = Command::new(script).arg("helm").output().unwrap();
        assert!(said.status.success(), "{}", String::from_utf8_lossy(&said.stderr));
        String::from_utf8(said.stdout).unwrap().trim().lines().last().unwrap().into()
    })
}

/// How a command has ended.
#[derive(Debug)]
pub(super) struct Said {
    pub(super) code: i32,
    pub(super) out: String,
    pub(super) err: String,
}

impl Said {
    #[track_caller]
    pub(super) fn expect(self, code: i32) -> Self {
        assert_eq!(self.code, code, "{self:#?}");
        self
    }

    pub(super) fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {self:#?}"))
    }
}

impl Place {
    /// A folder with this program under all its names, to be in front of `PATH`.
    pub(super) fn plugins(&self) -> PathBuf {
        let folder = self.own.path().join("plugins");
        if !folder.exists() {
            fs::create_dir(&folder).unwrap();
            for name in ["headwater", "kubectl-headwater", "kubectl_complete-headwater"] {
                symlink(env!("CARGO_BIN_EXE_headwater"), folder.join(name)).unwrap();
            }
        }
        folder
    }

    /// A command that finds `kubectl`, `helm` and this program, and the cluster.
    pub(super) fn command(&self, program: &str) -> Command {
        let mut paths = vec![self.plugins(), programs().to_owned()];
        paths.extend(env::split_paths(&env::var_os("PATH").unwrap()));
        let path = env::join_paths(&paths).unwrap();
        let found = paths.iter().map(|it| it.join(program)).find(|it| it.exists());
        let mut command = Command::new(found.unwrap_or_else(|| program.into()));
        command
            .env("PATH", path)
            .env("KUBECONFIG", &self.kubeconfig)
            .env("HOME", self.own.path())
            .env_remove("HEADWATER_LOG")
            .current_dir(env!("CARGO_MANIFEST_DIR"));
        command
    }

    /// Runs `kubectl`.
    pub(super) fn kubectl(&self, arguments: &[&str]) -> Said {
        said(self.command("kubectl").args(arguments))
    }

    /// Runs `kubectl headwater`.
    pub(super) fn plugin(&self, arguments: &[&str]) -> Said {
        self.kubectl(&[&["headwater"][..], arguments].concat())
    }
}

pub(super) fn said(command: &mut Command) -> Said {
    let output = command.output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Said {
        code: output.status.code().unwrap_or(-1),
        out: text(output.stdout),
        err: text(output.stderr),
    }
}
