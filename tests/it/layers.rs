//! The arrows of the picture in ARCHITECTURE.md: which module may use which, and how long a file
//! may be.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

/// What each module may use, apart from itself and what is [`SHARED`].
const MAY_USE: &[(&str, &[&[&str]])] = &[
    ("model", &[]),
    ("check", &[&["model"]]),
    ("manifest", &[&["model", "check"]]),
    ("ports", &[&["model"]]),
    ("plan", &[&["model", "ports"]]),
    ("adopt", &[&["model", "plan"]]),
    ("engine", &[&["model"]]),
    ("wire", &[&["model"]]),
    ("simulate", &[&["model", "check", "manifest", "plan", "engine", "wire"]]),
    ("view", &[PURE]),
    ("store", &[&["model", "wire"]]),
    ("content", &[&["model", "wire", "store", "net"]]),
    ("net", &[&["model", "wire", "store"]]),
    ("git", &[&["model", "store"]]),
    ("probe", &[&["model", "ports", "wire", "net"]]),
    ("observe", &[PURE, STORES, &["probe"]]),
    ("apply", &[PURE, STORES, &["probe", "observe"]]),
    ("notify", &[PURE, &["store", "net"]]),
    // Roles may use each other: the controller hosts site systems in its own process.
    ("role", &[PURE, STORES, &["probe", "observe", "apply", "notify"]]),
    ("web", &[&["model", "plan", "net", "git", "apply", "role"]]),
    ("operator", &[PURE, STORES, &["probe", "observe", "apply", "notify", "role", "web"]]),
    ("cli", &[PURE, STORES, &["probe", "observe", "apply", "notify", "role", "web", "operator"]]),
];
const PURE: &[&str] =
    &["model", "check", "manifest", "ports", "plan", "adopt", "engine", "wire", "simulate", "view"];
const STORES: &[&str] = &["store", "content", "net", "git"];
/// Small modules that everything with a clock and a console may use; the pure modules not.
const SHARED: &[&str] = &["blocking", "chance", "clock", "telemetry", "error_text", "world"];
/// The longest file, tests included: what fits into a head.
const LONGEST: usize = 400;

fn sources(directory: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|end| end == "rs") {
            found.push(path);
        }
    }
}

/// Every source file with its path below `src` and its text.
fn files() -> Vec<(PathBuf, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = Vec::new();
    sources(&root, &mut found);
    found.sort();
    found
        .into_iter()
        .map(|path| {
            let text = fs::read_to_string(&path).unwrap();
            (path.strip_prefix(&root).unwrap().to_owned(), text)
        })
        .collect()
}

/// The modules named after each `crate::` of a text, with their lines: `crate::a::B` and
/// `crate::{a::B, c}`.
fn uses(text: &str) -> Vec<(usize, String)> {
    let mut uses = Vec::new();
    for (at, word) in text.match_indices("crate::") {
        // A comment may point to those who use what it describes.
        let line_start = text[..at].rfind('\n').map_or(0, |end| end + 1);
        if text[line_start..at].trim_start().starts_with("//") {
            continue;
        }
        let line = text[..at].matches('\n').count() + 1;
        let rest = &text[at + word.len()..];
        if let Some(group) = rest.strip_prefix('{') {
            let (mut depth, mut first) = (1, true);
            for token in group.split_inclusive(['{', '}', ',']) {
                if depth == 1 && first {
                    uses.push((line, name(token.trim_start())));
                }
                match token.chars().last() {
                    Some('{') => (depth, first) = (depth + 1, false),
                    Some('}') => (depth, first) = (depth - 1, false),
                    _ => first = depth == 1,
                }
                if depth == 0 {
                    break;
                }
            }
        } else {
            uses.push((line, name(rest)));
        }
    }
    uses.retain(|(_, name)| !name.is_empty());
    uses
}

fn name(text: &str) -> String {
    text.chars().take_while(|letter| letter.is_alphanumeric() || *letter == '_').collect()
}

#[test]
fn arrows_never_point_upward() {
    let may_use: BTreeMap<&str, &[&[&str]]> = MAY_USE.iter().copied().collect();
    let mut wrong = Vec::new();
    for (path, text) in files() {
        let first = path.iter().next().unwrap().to_str().unwrap();
        let module = first.trim_end_matches(".rs");
        let alone = path.components().count() == 1;
        if alone && matches!(module, "lib" | "main") {
            continue;
        }
        if !may_use.contains_key(module) && !SHARED.contains(&module) {
            wrong.push(format!("src/{}: `{module}` has no place in the layers", path.display()));
        }
        for (line, used) in uses(&text) {
            let used = used.as_str();
            let known = may_use.contains_key(used) || SHARED.contains(&used);
            let shared = SHARED.contains(&used) && !PURE.contains(&module);
            let below =
                may_use.get(module).is_some_and(|all| all.iter().any(|some| some.contains(&used)));
            if known && used != module && !shared && !below {
                wrong.push(format!("src/{}:{line}: {module} may not use {used}", path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn files_are_short() {
    let long: Vec<String> = files()
        .into_iter()
        .map(|(path, text)| (path, text.lines().count()))
        .filter(|(_, lines)| *lines > LONGEST)
        .map(|(path, lines)| format!("src/{} has {lines} lines", path.display()))
        .collect();
    assert!(long.is_empty(), "\n{}", long.join("\n"));
}

#[test]
fn every_module_has_a_header() {
    let without: Vec<String> = files()
        .into_iter()
        // Tests beside a module are explained by it.
        .filter(|(path, text)| !path.ends_with("tests.rs") && !text.starts_with("//!"))
        .map(|(path, _)| format!("src/{}", path.display()))
        .collect();
    assert!(without.is_empty(), "\n{}", without.join("\n"));
}

#[test]
fn imports_are_read_in_every_form() {
    let text = "use crate::{\n    model::{A, B},\n    plan::C,\n};\nlet x = crate::view::y();\n";
    let found: Vec<_> = uses(text).into_iter().map(|(_, name)| name).collect();
    assert_eq!(found, ["model", "plan", "view"]);
}
