//! SYNC-10: what an update of a local publisher installs, and how.

use std::collections::BTreeMap;

use super::{
    Problem,
    document::Document,
    local_update::{RULE, is_forbidden},
};
use crate::model::{FieldPath, InstallCommand, LocalUpdateSpec};

/// The longest command line, in characters: the most that Windows takes is a little more.
const ARGUMENTS: usize = 8_000;

/// The most exit codes of one command.
const CODES: usize = 100;

type Update<'a> = Document<'a, LocalUpdateSpec>;

pub(super) fn check(update: Update<'_>, problems: &mut Vec<Problem>) {
    let spec = update.spec();
    names(update, problems);
    match &spec.install {
        Some(install) => command(update, install, problems),
        None if spec.files.is_empty() => {}
        None => {
            let message = "the update has files, and nothing says how they are installed";
            let help = "add `install` with the `program` that is run";
            problems.push(update.key(&RULE, "spec.files", message).help(help));
        }
    }
}

fn names(update: Update<'_>, problems: &mut Vec<Problem>) {
    let mut known = BTreeMap::new();
    for (index, file) in update.spec().files.iter().enumerate() {
        let path = FieldPath::new("spec.files").index(index).key("path");
        let name = file.name();
        let extension = name.rsplit_once('.').filter(|(stem, _)| !stem.is_empty());
        let is_plain = |it: char| !is_forbidden(it) && !it.is_control() && !":*?\"<>|".contains(it);
        let (message, help) = if !name.chars().all(is_plain) {
            (format!("`{name}` cannot be the name of a file"), "give the file a plain name")
        } else if !extension.is_some_and(|(_, it)| {
            (1..=10).contains(&it.len()) && it.bytes().all(|letter| letter.is_ascii_alphanumeric())
        }) {
            let message = format!("`{name}` has no extension, and no file is served without");
            (message, "give the file an extension, such as `.exe` or `.cab`")
        } else {
            match known.insert(name.to_lowercase(), index) {
                None => continue,
                Some(first) => {
                    let first = FieldPath::new("spec.files").index(first).key("path");
                    problems.push(
                        update
                            .value(&RULE, path, format!("there are two files `{name}`"))
                            .related(update.place(first), "the first one")
                            .help("give every file of an update a name of its own"),
                    );
                    continue;
                }
            }
        };
        problems.push(update.value(&RULE, path, message).help(help));
    }
}

fn command(update: Update<'_>, install: &InstallCommand, problems: &mut Vec<Problem>) {
    let files = &update.spec().files;
    if !files.iter().any(|file| file.name().eq_ignore_ascii_case(&install.program)) {
        let message = format!("`{}` is none of the files of the update", install.program);
        let help = match files.first() {
            Some(file) => format!("write the name of a file, such as `{}`", file.name()),
            None => "add the program to `files`".to_owned(),
        };
        problems.push(update.value(&RULE, "spec.install.program", message).help(help));
    }
    if let Some(arguments) = &install.arguments
        && (arguments.len() > ARGUMENTS || arguments.chars().any(is_forbidden))
    {
        let message =
            format!("`arguments` have more than {ARGUMENTS} letters, or control characters");
        let problem = update.value(&RULE, "spec.install.arguments", message);
        problems.push(problem.help("write them shorter"));
    }
    let (success, restart) = (&install.success_codes, &install.restart_codes);
    if success.is_empty() && restart.is_empty() {
        let message = "no exit code says that it is installed";
        let problem = update.key(&RULE, "spec.install.successCodes", message);
        problems.push(problem.help("list one, such as 0"));
    }
    if success.len() + restart.len() > CODES {
        let message = format!("there are more than {CODES} exit codes");
        problems.push(update.key(&RULE, "spec.install", message).help("list fewer"));
    }
    for (index, code) in restart.iter().enumerate() {
        if let Some(at) = success.iter().position(|it| it == code) {
            let path = FieldPath::new("spec.install.restartCodes").index(index);
            let other = FieldPath::new("spec.install.successCodes").index(at);
            let message = format!("exit code {code} says two things");
            problems.push(
                update
                    .value(&RULE, path, message)
                    .related(update.place(other), "installed without a restart")
                    .help("remove it from one of the two lists"),
            );
        }
    }
}
