//! Completions: `kubectl` calls `kubectl_complete-headwater` with what was typed after `headwater`, the last
//! word being the one to complete, and reads a candidate a line, and how to go on from there.

use std::{ffi::OsString, time::Duration};

use clap::{Arg, ArgAction, Command, CommandFactory, ValueHint};
use tokio::time::timeout;

use super::Plugin;
use crate::{
    cli::{ExitCode, Printer, cluster::Looked, output::Color, run::block_on},
    operator::{Asked, ClusterChoice, contexts, namespaces, overview},
    telemetry::LogFormat,
    view::plain,
};

/// What the shell is told after the candidates, in the numbers of `kubectl`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum After {
    /// Names of files come into question.
    Files = 0,
    /// They do not.
    NoFiles = 4,
}

/// How long the cluster may be asked for candidates: somebody waits at the keyboard.
const LONGEST: Duration = Duration::from_secs(3);

/// What is to be completed.
#[derive(Debug, PartialEq, Eq)]
enum Wanted {
    /// One of these, each with what there is to say of it.
    Words(Vec<(String, String)>),
    /// A file.
    File,
    /// Something that only the cluster, or the configuration, knows.
    Asked(Known),
    /// Nobody knows.
    Nothing,
}

/// What a cluster or its configuration knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Known {
    Contexts,
    Namespaces,
    Objects,
    Sites,
    Digest,
}

/// What was typed before the word to complete.
#[derive(Debug, Default)]
struct Typed {
    choice: ClusterChoice,
    /// The option that waits for its value.
    open: Option<String>,
}

/// Prints what comes into question for the last of these words.
pub(in crate::cli) fn complete(words: &[OsString]) -> ExitCode {
    let words: Vec<String> = words.iter().map(|it| it.to_string_lossy().into_owned()).collect();
    let (last, before) = match words.split_last() {
        Some((last, before)) => (last.as_str(), before),
        None => ("", &[][..]),
    };
    let (wanted, typed) = wanted(before, last);
    let prefix = last.split_once('=').filter(|_| last.starts_with("--")).map_or(last, |it| it.1);
    let (candidates, after) = match wanted {
        Wanted::Words(words) => (words, After::NoFiles),
        Wanted::File => (Vec::new(), After::Files),
        Wanted::Nothing => (Vec::new(), After::NoFiles),
        Wanted::Asked(known) => {
            // Whoever completes wants candidates, and no errors.
            let asked = block_on(async { Ok(timeout(LONGEST, ask(known, &typed.choice)).await) });
            let found = asked.ok().and_then(Result::ok).unwrap_or_default();
            (found.into_iter().map(|it| (it, String::new())).collect(), After::NoFiles)
        }
    };
    let mut text = String::new();
    for (word, about) in candidates.iter().filter(|(word, _)| word.starts_with(prefix)) {
        let about = about.lines().next().unwrap_or_default();
        text.push_str(&plain(word));
        if !about.is_empty() {
            text.push('\t');
            text.push_str(about);
        }
        text.push('\n');
    }
    let mut printer = Printer::new(Color::Never, LogFormat::Text);
    match printer.result(&format!("{text}:{}\n", after as u8)) {
        Ok(()) => ExitCode::Success,
        Err(_) => ExitCode::Failure,
    }
}

/// What comes into question after these words, for one that begins like this.
fn wanted(before: &[String], last: &str) -> (Wanted, Typed) {
    let mut root = Plugin::command();
    root.build();
    let mut command = &root;
    let mut typed = Typed::default();
    let mut place = 0;
    for word in before {
        if let Some(open) = typed.open.take() {
            typed.set(&open, word);
        } else if word.starts_with('-') {
            let (name, value) =
                word.split_once('=').map_or((word.as_str(), None), |it| (it.0, Some(it.1)));
            let Some(argument) = option(command, name) else { continue };
            match value {
                Some(value) => typed.set(argument.get_id().as_str(), value),
                None if takes_value(argument) => {
                    typed.open = Some(argument.get_id().to_string());
                }
                None => {}
            }
        } else if let Some(next) = command.find_subcommand(word) {
            command = next;
        } else {
            place += 1;
        }
    }
    let wanted = if let Some(open) = &typed.open {
        let argument = command.get_arguments().find(|it| it.get_id().as_str() == open);
        argument.map_or(Wanted::Nothing, value_of)
    } else if let Some((name, _)) = last.split_once('=').filter(|_| last.starts_with('-')) {
        option(command, name).map_or(Wanted::Nothing, value_of)
    } else if last.starts_with('-') {
        Wanted::Words(options(command))
    } else if command.has_subcommands() {
        let all = command.get_subcommands().filter(|it| !it.is_hide_set());
        Wanted::Words(all.map(|it| (it.get_name().to_owned(), about(it.get_about()))).collect())
    } else {
        let many = |it: &&Arg| matches!(it.get_action(), ArgAction::Append);
        let argument = command.get_positionals().nth(place);
        let argument = argument.or_else(|| command.get_positionals().find(many));
        argument.map_or(Wanted::Nothing, value_of)
    };
    (wanted, typed)
}

impl Typed {
    /// What decides which cluster is asked.
    fn set(&mut self, id: &str, value: &str) {
        let value = value.to_owned();
        match id {
            "namespace" => self.choice.namespace = Some(value),
            "context" => self.choice.context = Some(value),
            "cluster" => self.choice.cluster = Some(value),
            "user" => self.choice.user = Some(value),
            "kubeconfig" => self.choice.kubeconfig = Some(value.into()),
            _ => {}
        }
    }
}

fn option<'a>(command: &'a Command, name: &str) -> Option<&'a Arg> {
    let long = name.strip_prefix("--");
    let short = name.strip_prefix('-').and_then(|it| it.chars().next());
    command.get_arguments().find(|it| match long {
        Some(long) => it.get_long() == Some(long),
        None => short.is_some() && it.get_short() == short,
    })
}

fn takes_value(argument: &Arg) -> bool {
    matches!(argument.get_action(), ArgAction::Set | ArgAction::Append)
}

fn options(command: &Command) -> Vec<(String, String)> {
    let shown = command.get_arguments().filter(|it| !it.is_hide_set());
    let named =
        shown.filter_map(|it| Some((format!("--{}", it.get_long()?), about(it.get_help()))));
    named.collect()
}

fn about(text: Option<&clap::builder::StyledStr>) -> String {
    text.map(ToString::to_string).unwrap_or_default()
}

/// What the value of an argument can be.
fn value_of(argument: &Arg) -> Wanted {
    match argument.get_id().as_str() {
        "context" => return Wanted::Asked(Known::Contexts),
        "namespace" | "operator_namespace" => return Wanted::Asked(Known::Namespaces),
        "objects" => return Wanted::Asked(Known::Objects),
        "site" if argument.is_positional() => return Wanted::Asked(Known::Sites),
        "digest" => return Wanted::Asked(Known::Digest),
        _ => {}
    }
    let values = argument.get_possible_values();
    if !values.is_empty() {
        let word =
            |it: &clap::builder::PossibleValue| (it.get_name().to_owned(), about(it.get_help()));
        return Wanted::Words(values.iter().map(word).collect());
    }
    let names_files = argument.get_value_hint() == ValueHint::AnyPath;
    if names_files { Wanted::File } else { Wanted::Nothing }
}

/// What the cluster or its configuration knows.
async fn ask(known: Known, choice: &ClusterChoice) -> Vec<String> {
    if known == Known::Contexts {
        return contexts(choice);
    }
    let Ok(Looked { cluster, namespace }) = Looked::at(choice).await else { return Vec::new() };
    let asked = Asked::new(cluster.client.clone(), namespace.clone());
    match known {
        Known::Contexts => Vec::new(),
        Known::Namespaces => namespaces(&cluster.client).await.unwrap_or_default(),
        Known::Objects => {
            let objects = overview(&cluster.client, Some(&namespace)).await.unwrap_or_default();
            let name = |object: &str| {
                let (kind, name) = object.split_once('/')?;
                Some(format!("{}/{name}", kind.to_ascii_lowercase()))
            };
            objects.iter().filter_map(|it| name(&it.object)).collect()
        }
        Known::Sites => asked.sites_at_the_top().await.unwrap_or_default(),
        Known::Digest => {
            let plan = asked.plan().await.ok().flatten();
            plan.and_then(|it| it.digest_to_approve)
                .map(crate::model::Digest::short)
                .into_iter()
                .collect()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(before: &[&str], last: &str) -> Wanted {
        let before: Vec<String> = before.iter().map(|it| (*it).to_owned()).collect();
        wanted(&before, last).0
    }

    fn words(wanted: Wanted) -> Vec<String> {
        match wanted {
            Wanted::Words(words) => words.into_iter().map(|it| it.0).collect(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn commands_options_and_values_come_into_question_where_they_can_stand() {
        let commands = ["status", "plan", "approve", "sync", "suspend", "resume", "ready"];
        assert_eq!(words(of(&[], "")), commands);
        assert_eq!(
            words(of(&["--namespace", "plan"], "s")),
            commands,
            "`plan` is a namespace here"
        );
        let options = words(of(&["status"], "--"));
        for option in ["--content", "--namespace", "--output", "--all-namespaces", "--help"] {
            assert!(options.iter().any(|it| it == option), "{option}: {options:?}");
        }
        assert_eq!(words(of(&["status", "--output"], "")), ["text", "json"]);
        assert_eq!(words(of(&["status", "-o"], "j")), ["text", "json"]);
        assert_eq!(words(of(&["status"], "--output=j")), ["text", "json"]);
        assert_eq!(of(&["plan"], ""), Wanted::File);
        assert_eq!(of(&["plan", "one"], ""), Wanted::File);
        assert_eq!(of(&["status", "--kubeconfig"], ""), Wanted::File);
        assert_eq!(of(&["status", "-n"], ""), Wanted::Asked(Known::Namespaces));
        assert_eq!(of(&["status", "--context"], ""), Wanted::Asked(Known::Contexts));
        assert_eq!(of(&["sync"], ""), Wanted::Asked(Known::Sites));
        assert_eq!(of(&["sync", "CEN"], ""), Wanted::Nothing);
        assert_eq!(of(&["approve"], ""), Wanted::Asked(Known::Digest));
        assert_eq!(of(&["suspend", "dp/a"], ""), Wanted::Asked(Known::Objects));
        let before = ["status", "-n", "a", "--context=b"].map(str::to_owned);
        let choice = wanted(&before, "").1.choice;
        assert_eq!(
            (choice.namespace.as_deref(), choice.context.as_deref()),
            (Some("a"), Some("b"))
        );
    }

    #[test]
    fn every_command_has_an_example_that_can_be_typed() {
        let command = Plugin::command();
        for command in command.get_subcommands() {
            let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
            let name = command.get_name();
            let example = help.split("kubectl headwater ").nth(1).unwrap_or_default();
            assert!(example.starts_with(name), "{name}: {help}");
            for example in help.split("kubectl headwater ").skip(1) {
                let words = example.lines().next().unwrap_or_default().split_whitespace();
                let words = std::iter::once("kubectl-headwater").chain(words);
                if let Err(error) = Plugin::command().try_get_matches_from(words) {
                    panic!("{name}: {error}");
                }
            }
        }
    }
}
