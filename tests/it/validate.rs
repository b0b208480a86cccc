//! `headwater validate`, as people use it.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use assert_cmd::Command;
use headwater::check::RULES;
use serde_json::Value;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn headwater(arguments: &[&str]) -> Command {
    let mut command = Command::cargo_bin("headwater").unwrap();
    command.current_dir(root()).env_remove("NO_COLOR").env_remove("CLICOLOR_FORCE").args(arguments);
    command
}

/// Exit code, standard output, standard error.
fn outcome(command: &mut Command) -> (i32, String, String) {
    let output = command.output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

fn diagnostics(path: &str) -> (i32, Vec<Value>) {
    let (code, stdout, stderr) = outcome(&mut headwater(&["validate", "--output", "json", path]));
    assert_eq!(stderr, "", "{path}");
    let report: Value = serde_json::from_str(&stdout).unwrap();
    (code, report["diagnostics"].as_array().unwrap().clone())
}

fn broken_manifests() -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(root().join("tests/manifests"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

/// Each file of `tests/manifests` says in its head what is told of it, and where.
#[test]
fn every_broken_manifest_is_told_with_rule_line_and_column() {
    let mut rules = BTreeSet::new();
    for name in broken_manifests() {
        let path = format!("tests/manifests/{name}");
        let text = fs::read_to_string(root().join(&path)).unwrap();
        let expected: Vec<&str> = text
            .lines()
            .filter_map(|line| line.strip_prefix("# expect: "))
            .filter(|line| *line != "nothing")
            .collect();
        let (code, found) = diagnostics(&path);
        let errors = found.iter().any(|diagnostic| diagnostic["severity"] == "error");
        assert_eq!(code, i32::from(errors), "{path}");
        let found: Vec<String> = found
            .iter()
            .map(|diagnostic| {
                assert_eq!(diagnostic["file"], *path);
                let rule = diagnostic["rule"].as_str().unwrap();
                rules.insert(rule.to_owned());
                format!("{rule} at {}:{}", diagnostic["line"], diagnostic["column"])
            })
            .collect();
        assert_eq!(found, expected, "{path}");
    }
    let all: BTreeSet<String> = RULES.iter().map(|rule| rule.id.to_owned()).collect();
    assert_eq!(rules, all, "every rule has a broken manifest");
}

/// Every problem with everything that is said of it, as people see it.
#[test]
fn problems_are_drawn_with_their_lines() {
    for name in broken_manifests() {
        let path = format!("tests/manifests/{name}");
        let (_, stdout, stderr) = outcome(&mut headwater(&["validate", &path]));
        assert_eq!(stderr, "");
        insta::assert_snapshot!(name.trim_end_matches(".yaml"), stdout);
    }
}

/// A help says what to do: it begins with a verb, or asks whether something else was meant.
#[test]
fn every_problem_says_what_to_write_instead() {
    let verbs = [
        "add",
        "begin",
        "check",
        "declare",
        "did",
        "distribute",
        "divide",
        "give",
        "install",
        "keep",
        "let",
        "list",
        "mend",
        "move",
        "name",
        "remove",
        "upgrade",
        "use",
        "write",
    ];
    for name in broken_manifests() {
        for problem in diagnostics(&format!("tests/manifests/{name}")).1 {
            let help = problem["help"].as_str().unwrap_or_default();
            let first = help.split(' ').next().unwrap_or_default();
            assert!(verbs.contains(&first), "{name}: {problem}");
        }
    }
}

#[test]
fn json_has_every_field_that_programs_rely_on() {
    for name in ["sup-7-ports", "pdp-5-never-arrives", "syntax-tab"] {
        let path = format!("tests/manifests/{name}.yaml");
        let (_, stdout, _) = outcome(&mut headwater(&["validate", "--output", "json", &path]));
        insta::assert_snapshot!(format!("json-{name}"), stdout);
    }
}

#[test]
fn the_examples_are_valid_without_a_warning() {
    for example in ["examples/contoso", "examples/local-updates", "examples/minimal"] {
        let (code, stdout, stderr) = outcome(&mut headwater(&["validate", "--strict", example]));
        assert_eq!((code, stderr.as_str()), (0, ""), "{stdout}");
        assert!(!stdout.contains("error") && !stdout.contains("warning"), "{stdout}");
    }
}

#[test]
fn warnings_are_errors_when_strict() {
    let directory = tempfile::tempdir().unwrap();
    let site = fs::read_to_string(root().join("examples/minimal/headwater.yaml")).unwrap();
    let warned = site.replacen(
        "  name: one\n",
        "  name: one\n  annotations:\n    headwater.dev/suspended: \"true\"\n",
        1,
    );
    let path = directory.path().join("site.yaml");
    fs::write(&path, warned).unwrap();
    let path = path.to_str().unwrap();
    assert_eq!(outcome(&mut headwater(&["validate", path])).0, 0);
    assert_eq!(outcome(&mut headwater(&["validate", "--strict", path])).0, 1);
}

#[test]
fn colours_are_for_terminals_or_on_request() {
    let path = "tests/manifests/pdp-2-cycle.yaml";
    let coloured = |arguments: &[&str]| {
        let mut command = headwater(&["validate", path]);
        outcome(command.args(arguments)).1.contains('\u{1b}')
    };
    assert!(!coloured(&[]));
    assert!(coloured(&["--color", "always"]));
    assert!(!coloured(&["--color", "never"]));
    assert!(!coloured(&["--color", "always", "--output", "json"]));
}

#[test]
fn what_cannot_be_read_ends_with_2() {
    let directory = tempfile::tempdir().unwrap();
    let empty = directory.path().join("empty");
    fs::create_dir(&empty).unwrap();
    for (path, told) in
        [(directory.path().join("none.yaml"), "cannot read"), (empty, "no manifests in")]
    {
        let (code, stdout, stderr) = outcome(&mut headwater(&["validate", path.to_str().unwrap()]));
        assert_eq!((code, stdout.as_str()), (2, ""), "{stderr}");
        assert!(stderr.starts_with("error: ") && stderr.contains(told), "{stderr}");
    }
    assert_eq!(outcome(&mut headwater(&["validate"])).0, 2);
}

/// A directory with a file that can be read and is broken, and one that cannot be read.
fn beside_a_broken_one(name: &str, make: impl FnOnce(&Path)) -> (i32, Value, String) {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("a.yaml"), "kind: Nothing\n").unwrap();
    make(&directory.path().join(name));
    let mut command = headwater(&["validate", "--output", "json", "."]);
    let (code, stdout, stderr) = outcome(command.current_dir(directory.path()));
    assert_eq!(stderr, "");
    let mut report: Value = serde_json::from_str(&stdout).unwrap();
    let diagnostics = report["diagnostics"].as_array_mut().unwrap();
    let last = diagnostics.pop().unwrap();
    assert!(!diagnostics.is_empty() && diagnostics.iter().all(|it| it["file"] == "./a.yaml"));
    assert_eq!((&last["rule"], &last["line"]), (&"SYNTAX".into(), &1.into()), "{last}");
    (code, last["file"].clone(), last["message"].as_str().unwrap().to_owned())
}

#[test]
fn a_file_that_is_no_text_hides_no_other() {
    let (code, file, message) = beside_a_broken_one("b.yaml", |path| {
        fs::write(path, b"a: 1\nb: \xe9\n").unwrap();
    });
    assert_eq!((code, file), (1, "./b.yaml".into()));
    assert_eq!(message, "the file is not a text: line 2 is not UTF-8");
}

#[test]
fn a_file_that_is_no_text_is_not_counted_among_the_documents() {
    let directory = tempfile::tempdir().unwrap();
    let documents = "apiVersion: headwater.dev/v1alpha1\nkind: PortSettings\n---\nkind: Site\n";
    fs::write(directory.path().join("a.yaml"), documents).unwrap();
    fs::write(directory.path().join("b.yaml"), b"a: 1\nb: \xe9\n").unwrap();
    let path = directory.path().to_str().unwrap();
    let (_, stdout, _) = outcome(&mut headwater(&["validate", path]));
    let last = stdout.lines().last().unwrap();
    assert!(last.starts_with("2 documents: "), "{last}");
}

/// A file of the kernel's, which nobody may read from its beginning.
#[cfg(target_os = "linux")]
#[test]
fn a_file_that_cannot_be_read_hides_no_other_and_ends_with_2() {
    let (code, file, message) = beside_a_broken_one("b.yaml", |path| {
        std::os::unix::fs::symlink("/proc/self/mem", path).unwrap();
    });
    assert_eq!((code, file), (2, "./b.yaml".into()));
    assert!(message.starts_with("the operating system does not let it be read: "), "{message}");
}

/// A superuser may look into it all the same: then it is empty.
#[cfg(unix)]
#[test]
fn a_directory_that_cannot_be_looked_into_hides_no_file() {
    use std::os::unix::fs::PermissionsExt;

    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("b.yaml"), "kind: Nothing\n").unwrap();
    let closed = directory.path().join("a");
    fs::create_dir(&closed).unwrap();
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o000)).unwrap();
    let superuser = fs::read_dir(&closed).is_ok();
    let mut command = headwater(&["validate", "--output", "json", "."]);
    let (code, stdout, _) = outcome(command.current_dir(directory.path()));
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o700)).unwrap();
    assert_eq!(code, if superuser { 1 } else { 2 });
    assert!(stdout.contains("\"./b.yaml\""), "{stdout}");
    assert!(superuser || stdout.contains("\"./a\""), "{stdout}");
}

#[test]
fn standard_input_is_a_file_too() {
    let text = fs::read(root().join("tests/manifests/sup-7-ports.yaml")).unwrap();
    let (code, stdout, _) = outcome(headwater(&["validate", "-"]).write_stdin(text));
    assert_eq!(code, 1);
    assert!(stdout.contains("--> <stdin>:14:10"), "{stdout}");
}

#[test]
fn a_password_in_an_address_is_told_to_nobody() {
    let text = "apiVersion: headwater.dev/v1alpha1\nkind: SoftwareUpdatePoint\nmetadata: {name: \
                a}\nspec:\n  site: s\n  siteSystem: b\n  role: Active\n  source:\n    type: \
                UpstreamServer\n    url: http://admin:hunter2@wsus.example:8530\n";
    for output in ["json", "sarif"] {
        let arguments = ["validate", "--output", output, "-"];
        let (code, stdout, stderr) = outcome(headwater(&arguments).write_stdin(text));
        assert_eq!(code, 1);
        assert!(stdout.contains("`http://***@wsus.example:8530` is not the address"), "{stdout}");
        assert!(!stdout.contains("hunter2") && !stderr.contains("hunter2"), "{stdout}{stderr}");
    }
    // For people with the line as it is written, but for the password.
    let text = text.replace("hunter2", "hun`ter2");
    let (_, stdout, stderr) = outcome(headwater(&["validate", "-"]).write_stdin(text));
    let drawn = "10 |     url: http://**************@wsus.example:8530\n   \
                 |          ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^\n";
    assert!(stdout.contains("`http://***@wsus.example:8530` is not the address"), "{stdout}");
    assert!(stdout.contains(drawn) && !stdout.contains("ter2"), "{stdout}{stderr}");
}

#[test]
fn a_reader_who_leaves_is_no_error() {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let status = std::process::Command::new(assert_cmd::cargo::cargo_bin!("headwater"))
        .args(["validate", "examples/contoso"])
        .current_dir(root())
        .stdout(writer)
        .status()
        .unwrap();
    assert_eq!(status.code(), Some(0));
}

#[cfg(unix)]
#[test]
fn directories_are_searched_once_and_in_order() {
    use std::os::unix::fs::symlink;

    let directory = tempfile::tempdir().unwrap();
    let at = |path: &str| -> PathBuf { directory.path().join(path) };
    fs::create_dir_all(at("b/deep")).unwrap();
    fs::create_dir(at(".hidden")).unwrap();
    let broken = "kind: Nothing\n";
    for path in ["c.yaml", "b/deep/2.yml", "b/1.yaml", ".hidden/x.yaml", "b/.x.yaml", "notes.txt"] {
        fs::write(at(path), broken).unwrap();
    }
    symlink(at("b"), at("b/deep/up")).unwrap();
    symlink(at("c.yaml"), at("d.yaml")).unwrap();
    symlink(at("gone.yaml"), at("e.yaml")).unwrap();
    let mut command = headwater(&["validate", "--output", "json", ".", "c.yaml"]);
    let (_, stdout, _) = outcome(command.current_dir(directory.path()));
    let report: Value = serde_json::from_str(&stdout).unwrap();
    let mut files: Vec<&str> = report["diagnostics"]
        .as_array()
        .unwrap()
        .iter()
        .map(|diagnostic| diagnostic["file"].as_str().unwrap())
        .collect();
    files.dedup();
    assert_eq!(files, ["./b/1.yaml", "./b/deep/2.yml", "./c.yaml"]);
}

#[test]
fn completions_exist_for_every_shell() {
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let (code, stdout, _) = outcome(&mut headwater(&["completions", shell]));
        assert!(code == 0 && stdout.contains("headwater"), "{shell}");
    }
}
