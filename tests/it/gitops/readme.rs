//! The five minutes of the README, as somebody types them who has the program, git and a shell.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use assert_cmd::cargo::cargo_bin;
use tempfile::TempDir;

use crate::{running::Running, world::root};

/// A block of the section.
#[derive(Debug, PartialEq)]
enum Block {
    /// Commands to copy.
    Commands(String),
    /// A command, and what it says.
    Said { command: String, lines: Vec<String> },
    /// What the controller says that runs.
    Controller(Vec<String>),
}

fn blocks() -> Vec<Block> {
    let readme = fs::read_to_string(root().join("README.md")).unwrap();
    let section = readme.split("\n## ").find(|it| it.starts_with("GitOps in five minutes\n"));
    let mut all = Vec::new();
    let mut parts = section.unwrap().split("\n```");
    parts.next();
    while let (Some(block), Some(_)) = (parts.next(), parts.next()) {
        let (kind, text) = block.split_once('\n').unwrap();
        all.push(match kind {
            "sh" => Block::Commands(text.to_owned()),
            "console" => {
                let mut lines = text.lines().map(str::to_owned);
                let command = lines.next().unwrap().strip_prefix("$ ").unwrap().to_owned();
                Block::Said { command, lines: lines.collect() }
            }
            "text" => Block::Controller(text.lines().map(str::to_owned).collect()),
            other => panic!("{other}"),
        });
    }
    all
}

/// A new user's directory, which has nothing but what the section makes.
struct User {
    home: TempDir,
}

impl User {
    fn command(&self, text: &str) -> Command {
        let bin = PathBuf::from(cargo_bin!("headwater"));
        let path =
            format!("{}:{}", bin.parent().unwrap().display(), std::env::var("PATH").unwrap());
        let mut command = Command::new("bash");
        command.args(["-e", "-u", "-o", "pipefail", "-c", text]).current_dir(self.home.path());
        command.env_clear().env("HOME", self.home.path()).env("PATH", path);
        command
    }

    #[track_caller]
    fn run(&self, text: &str) -> String {
        let output = self.command(text).output().unwrap();
        assert!(output.status.success(), "{text}\n{output:?}");
        String::from_utf8(output.stdout).unwrap()
    }

    fn path(&self) -> &Path {
        self.home.path()
    }
}

/// Whether a line is the one of the README, where identities, times, ports and the directory are
/// others.
fn is_as(line: &str, shown: &str) -> bool {
    let words = |text: &str| -> Vec<String> {
        let split = |it: char| it.is_whitespace() || ",;:".contains(it);
        let plain = text.split(split).filter(|it| !it.is_empty());
        let varies = |it: &str| {
            it.starts_with('/') || it.starts_with("git+file") || {
                let digits = it.chars().filter(char::is_ascii_digit).count();
                digits > 0 && it.chars().all(|it| it.is_ascii_hexdigit() || "-.TZ".contains(it))
            }
        };
        plain.map(|it| if varies(it) { "*".to_owned() } else { it.to_owned() }).collect()
    };
    words(line) == words(shown)
}

#[test]
fn gitops_in_five_minutes_works_as_it_is_written() {
    let user = User { home: TempDir::new().unwrap() };
    let mut running: Option<Running> = None;
    let blocks = blocks();
    assert!(blocks.len() >= 8, "{blocks:?}");
    for block in blocks {
        match block {
            Block::Commands(text) => drop(user.run(&text)),
            Block::Said { command, lines } if command.starts_with("headwater controller ") => {
                let running =
                    running.insert(Running::of(&mut user.command(&format!("exec {command}"))));
                follow(running, &lines);
            }
            Block::Controller(lines) => follow(running.as_mut().unwrap(), &lines),
            Block::Said { command, lines } => {
                let said = user.run(&command);
                let mut said = said.lines();
                for shown in lines.iter().filter(|it| *it != "…") {
                    assert!(said.any(|line| is_as(line, shown)), "{command}: {shown}");
                }
            }
        }
    }
    let (code, said) = running.unwrap().terminate();
    assert_eq!(code, 0, "{said:?}");
    assert!(user.path().join(".headwater").is_dir());
}

/// Reads on until each of the lines has come, one after the other.
#[track_caller]
fn follow(running: &mut Running, lines: &[String]) {
    for shown in lines.iter().filter(|it| *it != "…") {
        assert!(running.until(|line| is_as(line, shown)), "{shown}: {:?}", running.said);
    }
}

#[test]
fn lines_of_the_readme_are_told_from_others() {
    let line = "commit 6cc8d955bc43 is refused: it is not signed; 779e42b0bea7 stays in force";
    assert!(is_as(
        line,
        "commit 0123456789ab is refused: it is not signed; 7bcdef012345 stays in force"
    ));
    assert!(!is_as(line, "commit 6cc8d955bc43 is in force"));
    assert!(!is_as("2 actions done.", "2 actions failed."));
}
