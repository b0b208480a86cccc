//! A world of its own for each test: a data directory, manifests that may be edited, and the real
//! binary.

use std::{
    fs::{self, File},
    io::{BufRead, BufReader},
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Duration,
};

use assert_cmd::cargo::cargo_bin;
use rusqlite::{Connection, OpenFlags};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::{content_schemas, plan_schema::assert_valid, running::Running};

/// The longest that anything may take before a test gives up: far more than it ever needs.
pub(crate) const PATIENCE: Duration = Duration::from_mins(3);

/// The real export of the examples.
pub(crate) const EXPORT: &str = "examples/wsus-export/WSUS-2024-06-19.cab";

/// The repository.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// How a command ended.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Ended {
    #[track_caller]
    pub(crate) fn expect(self, code: i32) -> Self {
        assert_eq!(self.code, code, "stdout:\n{}\nstderr:\n{}", self.stdout, self.stderr);
        self
    }

    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap()
    }
}

/// A data directory and manifests. Everything goes when it is dropped.
pub(crate) struct World {
    directory: TempDir,
}

impl World {
    /// The manifests of an example, which may be edited, and an empty data directory. Paths in them
    /// lead to the same places, letter by letter, as those of the example.
    pub(crate) fn of(example: &str) -> Self {
        // Beside the shared ones: files of content are linked, not copied.
        let world = Self { directory: TempDir::new_in(env!("CARGO_TARGET_TMPDIR")).unwrap() };
        let example = root().join("examples").join(example);
        copy_manifests(&example, &world.manifests());
        fs::create_dir(world.data()).unwrap();
        world
    }

    /// An example that has converged: a copy of one that all tests share.
    pub(crate) fn converged(example: &str) -> Self {
        let world = Self::of(example);
        let shared = Converged::of(example);
        copy_data(&shared.data(), &world.data());
        world
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.path("data")
    }

    pub(crate) fn manifests(&self) -> PathBuf {
        self.path("manifests")
    }

    /// A file or directory of this world.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// Replaces a text that stands exactly once in a manifest.
    #[track_caller]
    pub(crate) fn edit(&self, manifest: &str, from: &str, to: &str) {
        let path = self.manifests().join(manifest);
        let text = fs::read_to_string(&path).unwrap();
        assert_eq!(text.matches(from).count(), 1, "`{from}` in {manifest}");
        fs::write(path, text.replace(from, to)).unwrap();
    }

    /// Writes something at the end of a manifest.
    pub(crate) fn append(&self, manifest: &str, text: &str) {
        let path = self.manifests().join(manifest);
        let before = fs::read_to_string(&path).unwrap();
        fs::write(path, before + text).unwrap();
    }

    /// Removes a document from a manifest.
    #[track_caller]
    pub(crate) fn remove_document(&self, manifest: &str, kind: &str, name: &str) {
        let path = self.manifests().join(manifest);
        let text = fs::read_to_string(&path).unwrap();
        let is_it = |document: &&str| {
            document.contains(&format!("kind: {kind}\nmetadata:\n  name: {name}\n"))
        };
        let documents: Vec<&str> = text.split("\n---\n").collect();
        assert_eq!(documents.iter().filter(|it| is_it(it)).count(), 1, "{kind}/{name}");
        let left: Vec<&str> = documents.into_iter().filter(|it| !is_it(it)).collect();
        fs::write(path, left.join("\n---\n") + "\n").unwrap();
    }

    /// Runs a command to its end.
    #[track_caller]
    pub(crate) fn run(&self, arguments: &[&str]) -> Ended {
        self.run_with(arguments, "warn")
    }

    /// Runs a command to its end on what it reads from standard input.
    #[track_caller]
    pub(crate) fn run_on(&self, arguments: &[&str], input: &str) -> Ended {
        let mut command = assert_cmd::Command::from_std(command(&self.data(), "warn"));
        let command = command.args(arguments).write_stdin(input).timeout(PATIENCE);
        ended(command.output().unwrap())
    }

    /// Runs a command to its end, with a log.
    #[track_caller]
    pub(crate) fn run_with(&self, arguments: &[&str], log: &str) -> Ended {
        let mut command = assert_cmd::Command::from_std(command(&self.data(), log));
        ended(command.args(arguments).timeout(PATIENCE).output().unwrap())
    }

    /// Runs a command on the manifests; `arguments` are separated by spaces.
    #[track_caller]
    pub(crate) fn with_manifests(&self, arguments: &str) -> Ended {
        let manifests = self.manifests();
        let mut all: Vec<&str> = arguments.split(' ').collect();
        all.push(manifests.to_str().unwrap());
        self.run(&all)
    }

    /// The lines that a command on the manifests prints; `then` is called once there is one.
    #[track_caller]
    pub(crate) fn lines_of(&self, arguments: &str, then: impl FnOnce()) -> Vec<String> {
        let mut command = command(&self.data(), "warn");
        command.args(arguments.split(' ')).arg(self.manifests());
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
        let mut all = Vec::from_iter(lines.next());
        then();
        all.extend(lines);
        assert!(child.wait().unwrap().success(), "{all:?}");
        all
    }

    /// The plan, and whether `--detailed-exitcode` tells the same.
    #[track_caller]
    pub(crate) fn plan(&self) -> Value {
        let ended = self.with_manifests("plan --output json --detailed-exitcode");
        let plan = ended.json();
        assert_valid(&plan);
        let in_sync = plan["actions"].as_array().unwrap().is_empty();
        let code = match (in_sync, plan["complete"] == true) {
            (false, _) => 2,
            (true, true) => 0,
            (true, false) => 1,
        };
        ended.expect(code);
        plan
    }

    /// What a command prints as JSON; `None` where it is too early for it.
    pub(crate) fn with_manifests_if_there(&self, arguments: &str) -> Option<Value> {
        let ended = self.with_manifests(arguments);
        (ended.code == 0).then(|| ended.json())
    }

    #[track_caller]
    pub(crate) fn status(&self) -> Value {
        let status = self.with_manifests("status --output json").expect(0).json();
        content_schemas::assert_valid("status.json", &status);
        status
    }

    /// Starts a command that is ended later.
    pub(crate) fn start(&self, arguments: &[&str], log: &str) -> Running {
        let mut command = command(&self.data(), log);
        Running::of(command.args(arguments))
    }

    /// The directory of a site system.
    pub(crate) fn site_system(&self, name: &str) -> PathBuf {
        self.data().join("site-systems").join(name)
    }

    /// The catalog of the update point on a site system.
    pub(crate) fn catalog(&self, site_system: &str) -> Connection {
        database(&self.site_system(site_system).join("update-services/catalog.db"))
    }

    /// The site database of a site server.
    pub(crate) fn site_database(&self, site_system: &str) -> Connection {
        database(&self.site_system(site_system).join("site-server/site.db"))
    }

    /// The content library of a distribution point.
    pub(crate) fn library(&self, site_system: &str) -> PathBuf {
        self.site_system(site_system).join("distribution-point/library")
    }

    /// Numbers and subjects of the status messages of a site.
    pub(crate) fn messages(&self, site_server: &str) -> Vec<(u16, String)> {
        let database = self.site_database(site_server);
        let mut rows =
            database.prepare("SELECT number, subject FROM status_message ORDER BY id").unwrap();
        let rows = rows.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
        rows.map(Result::unwrap).collect()
    }

    /// Where the role of that name listens, as `status` tells.
    #[track_caller]
    pub(crate) fn listener(&self, name: &str) -> String {
        let status = self.status();
        let roles = ["updatePoints", "distributionPoints"];
        let mut all = roles.iter().flat_map(|it| status[it].as_array().unwrap());
        let role = all.find(|it| it["name"] == name).unwrap();
        role["listener"]["open"].as_str().unwrap().to_owned()
    }
}

fn ended(output: std::process::Output) -> Ended {
    Ended {
        code: output.status.code().unwrap_or(-1),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

/// How many revisions a catalog or a site database holds.
pub(crate) fn revisions(database: &Connection) -> i64 {
    database.query_row("SELECT count(*) FROM revision", [], |row| row.get(0)).unwrap()
}

fn database(path: &Path) -> Connection {
    // Not read-only: what was killed leaves a journal that the next one to open it takes in.
    Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE).unwrap()
}

fn command(data: &Path, log: &str) -> Command {
    let mut command = Command::new(cargo_bin!("headwater"));
    command.current_dir(root()).env("HEADWATER_DATA", data).env("HEADWATER_LOG", log);
    command.env_remove("CLICOLOR_FORCE").stdin(Stdio::null());
    command
}

fn copy_manifests(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        if path.is_dir() && !path.ends_with("content") {
            copy_manifests(&path, &target);
        } else if path.extension().is_some_and(|end| end == "yaml") {
            let mut text = fs::read_to_string(&path).unwrap();
            for relative in ["../", "content/"] {
                for field in ["file", "path"] {
                    let there = format!("{field}: {}/{relative}", from.display());
                    text = text.replace(&format!("{field}: {relative}"), &there);
                }
            }
            fs::write(target, text).unwrap();
        }
    }
}

/// Copies a data directory. Files of content libraries never change, so both may share them: a test
/// that damages one has to remove it first.
fn copy_data(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy_data(&path, &target);
        } else if path.parent().and_then(Path::parent).is_some_and(|it| it.ends_with("files")) {
            fs::hard_link(path, target).unwrap();
        } else {
            fs::copy(path, target).unwrap();
        }
    }
}

/// An example as `headwater up --once` left it. All tests share it and copy it; it is made once for
/// each build.
pub(crate) struct Converged {
    directory: PathBuf,
}

impl Converged {
    pub(crate) fn of(example: &str) -> Self {
        let all = Path::new(env!("CARGO_TARGET_TMPDIR"));
        let lock = File::create(all.join(format!("{example}.lock"))).unwrap();
        lock.lock().unwrap();
        let mut state = facts(cargo_bin!("headwater"));
        walk(&root().join("examples"), &mut |path| state += &facts(path));
        let key = &digest(state.as_bytes())[..16];
        let made = Self { directory: all.join(format!("{example}-{key}")) };
        if !made.directory.join("ended.json").exists() {
            for entry in fs::read_dir(all).unwrap() {
                let path = entry.unwrap().path();
                let name = path.file_name().unwrap().to_str().unwrap();
                if path.is_dir() && name.starts_with(&format!("{example}-")) {
                    fs::remove_dir_all(path).unwrap();
                }
            }
            made.make(example);
        }
        made
    }

    fn make(&self, example: &str) {
        fs::create_dir(&self.directory).unwrap();
        let mut command = assert_cmd::Command::from_std(command(&self.data(), "warn"));
        command.args(["up", "--once"]).arg(Path::new("examples").join(example)).timeout(PATIENCE);
        let output = command.output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        let ended = json!({
            "code": output.status.code(),
            "stdout": text(output.stdout),
            "stderr": text(output.stderr),
        });
        fs::write(self.directory.join("ended.json"), ended.to_string()).unwrap();
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.directory.join("data")
    }

    /// How the run ended.
    pub(crate) fn ended(&self) -> Ended {
        let ended = fs::read(self.directory.join("ended.json")).unwrap();
        let ended: Value = serde_json::from_slice(&ended).unwrap();
        let text = |field: &str| ended[field].as_str().unwrap().to_owned();
        let code = ended["code"].as_i64().and_then(|code| i32::try_from(code).ok());
        Ended { code: code.unwrap_or(-1), stdout: text("stdout"), stderr: text("stderr") }
    }
}

fn facts(path: &Path) -> String {
    let facts = fs::metadata(path).unwrap();
    let (seconds, nanoseconds) = (facts.mtime(), facts.mtime_nsec());
    format!("{} {} {seconds} {nanoseconds}\n", path.display(), facts.size())
}

/// Calls `visit` for every file below a directory, in the order of their names.
pub(crate) fn walk(directory: &Path, visit: &mut impl FnMut(&Path)) {
    let mut inside: Vec<_> =
        fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path()).collect();
    inside.sort();
    for path in inside {
        if path.is_dir() {
            walk(&path, visit);
        } else {
            visit(&path);
        }
    }
}

/// SHA-256 in lower-case digits, by another way than the program's own.
pub(crate) fn digest(bytes: &[u8]) -> String {
    hex::encode(aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, bytes))
}
