//! How long manifests take, in one process: each figure beside the one that it is compared with,
//! in the same round. README.md in `benches` says how to run it and what the figures are.
#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a bench prints, and what goes wrong in one is a mistake in it"
)]

mod documents;
mod observed;
mod process;
mod rounds;
mod typed;

use std::{
    cell::{Cell, RefCell},
    path::Path,
    sync::Arc,
};

use headwater::{
    check::{Problem, Severity, check_beside},
    manifest::{FileNow, Loaded, ReadFile, SourceText, Workspace, load},
    model::{Hierarchy, Observed},
    plan::{Inputs, Plan, plan},
};

use self::{
    documents::{Document, documents},
    rounds::{Rounds, ratio},
    typed::{Typed, typed},
};

/// How many documents there are, by default.
const DOCUMENTS: usize = 10_000;
/// How many of them are broken, in one of the comparisons.
const BROKEN: usize = 100;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    // `cargo bench` says so itself.
    let arguments: Vec<&str> =
        arguments.iter().map(String::as_str).filter(|it| *it != "--bench").collect();
    match arguments.as_slice() {
        [] => measure(DOCUMENTS),
        ["write", directory] => process::write(Path::new(directory), DOCUMENTS),
        ["write", directory, count] => {
            process::write(Path::new(directory), count.parse().unwrap());
        }
        [count] => measure(count.parse().unwrap()),
        _ => panic!("see benches/README.md"),
    }
}

fn sources(documents: &[Document]) -> Vec<SourceText> {
    let directory: Arc<Path> = Arc::from(Path::new("/manifests"));
    let source = |document: &Document| SourceText {
        name: document.path.clone(),
        directory: Arc::clone(&directory),
        text: document.text.clone(),
    };
    documents.iter().map(source).collect()
}

/// The same documents, those of a site in one file.
fn sources_by_site(documents: &[Document]) -> Vec<SourceText> {
    let mut by_site: Vec<SourceText> = Vec::new();
    for mut source in sources(documents) {
        let site = source.name.split('/').next().unwrap().to_owned();
        match by_site.last_mut() {
            Some(last) if last.name == site => {
                last.text.push_str("---\n");
                last.text.push_str(&source.text);
            }
            _ => {
                source.name = site;
                by_site.push(source);
            }
        }
    }
    by_site
}

/// The documents with mistakes, spread over all of them: misspelled references, unknown keys, wrong
/// values and no YAML at all.
fn broken(documents: &[Document]) -> Vec<SourceText> {
    let mut sources = sources(documents);
    let every = sources.len() / BROKEN;
    for (number, source) in sources.iter_mut().step_by(every).enumerate() {
        let (from, to) = match number % 4 {
            0 => ("  site: site-", "  site: sit-"),
            1 => ("spec:\n", "spec:\n  siteSytem: x\n"),
            2 => ("spec:\n", "spec:\n  priority: Hgih\n"),
            _ => ("spec:\n", "spec: [\n"),
        };
        // A site, a group or a package refers to no site: it gets a key that nobody knows.
        source.text = if source.text.contains(from) {
            source.text.replacen(from, to, 1)
        } else {
            source.text.replacen("spec:\n", "spec:\n  siteSytem: x\n", 1)
        };
    }
    sources
}

fn check(loaded: &Loaded) -> Vec<Problem> {
    let mut problems = loaded.problems.clone();
    problems.extend(check_beside(&loaded.declared, &loaded.unread));
    problems.sort_by_key(|problem| problem.place.document);
    problems
}

fn load_check_and_resolve(texts: Vec<SourceText>) -> (Loaded, Hierarchy) {
    let loaded = load(texts);
    let problems = check(&loaded);
    assert_eq!(problems.first(), None);
    let hierarchy = Hierarchy::resolve(&loaded.declared).unwrap();
    (loaded, hierarchy)
}

fn plan_of(hierarchy: &Hierarchy, loaded: &Loaded, observed: &Observed) -> Plan {
    let now = observed::synchronized_at() + jiff::SignedDuration::from_secs(60);
    plan(Inputs { hierarchy, manifest_digest: loaded.digest, observed, now })
}

fn measure(count: usize) {
    let documents = documents(count);
    let bytes: usize = documents.iter().map(|document| document.text.len()).sum();
    println!("{count} documents of {} bytes on average; CPU time of one thread", bytes / count);
    let kinds: Vec<_> = documents.iter().map(|it| typed::kind(&it.text)).collect();
    let mut rounds = Rounds::new(7);

    // The typed parse that everything is measured by.
    let bare = |documents: &[Document]| -> Vec<Typed> {
        documents.iter().zip(&kinds).map(|(it, kind)| typed(*kind, &it.text)).collect()
    };
    let [bare, loads, whole, by_site] = rounds.of([
        ("serde_yaml, typed", &mut |time| time.of(|| bare(&documents))),
        ("load", &mut |time| {
            let texts = sources(&documents);
            time.of(|| load(texts));
        }),
        ("load, check, resolve", &mut |time| {
            let texts = sources(&documents);
            time.of(|| load_check_and_resolve(texts));
        }),
        ("the same, a file for each site", &mut |time| {
            let texts = sources_by_site(&documents);
            time.of(|| load_check_and_resolve(texts));
        }),
    ]);
    ratio("load / serde_yaml", &loads, &bare, None);
    ratio("load, check, resolve / serde_yaml", &whole, &bare, Some(1.5));
    ratio("a file for each site / serde_yaml", &by_site, &bare, Some(1.5));

    with_errors(&documents, &mut rounds);
    resident(&documents, &mut rounds);
}

/// With errors and without: all of them are told, in the order of documents.
fn with_errors(documents: &[Document], rounds: &mut Rounds) {
    let loaded = load(broken(documents));
    let problems = check(&loaded);
    let errors = problems.iter().filter(|it| it.severity == Severity::Error);
    let told: std::collections::BTreeSet<_> = errors.map(|it| it.place.document).collect();
    assert_eq!(told.len(), BROKEN, "not every broken document was told");
    assert!(problems.is_sorted_by_key(|problem| problem.place.document));
    let read_and_show = |texts: Vec<SourceText>| {
        let loaded = load(texts);
        let problems = check(&loaded);
        headwater::view::problems_text(&problems, &loaded.source_map, false)
    };
    let [valid, broken] = rounds.of([
        ("load, check", &mut |time| {
            let texts = sources(documents);
            time.of(|| read_and_show(texts));
        }),
        ("the same with 100 errors", &mut |time| {
            let texts = broken(documents);
            time.of(|| read_and_show(texts));
        }),
    ]);
    ratio("with 100 errors / without", &broken, &valid, Some(1.3));
}

/// A process that stays: one file changes.
fn resident(documents: &[Document], rounds: &mut Rounds) {
    let (_, hierarchy) = load_check_and_resolve(sources(documents));
    let json = serde_json::to_vec(&observed::observed(&hierarchy)).unwrap();
    let observed: Observed = serde_json::from_slice(&json).unwrap();
    let (loaded, _) = load_check_and_resolve(sources(documents));
    assert_eq!(plan_of(&hierarchy, &loaded, &observed).actions, []);
    let changed = documents.iter().position(|it| it.path.contains("/package-")).unwrap();
    let change = |round: usize| {
        let mut source = sources(&documents[changed..=changed]).remove(0);
        source.text =
            source.text.replace("sourceVersion: 1", &format!("sourceVersion: {}", 5 + round));
        source
    };
    let workspace = Workspace::new(sources(documents).into_iter().map(ReadFile::new).collect());
    let number = Cell::new(0);
    let next = || {
        number.set(number.get() + 1);
        change(number.get())
    };
    let workspace = RefCell::new(workspace);
    let update = |source: SourceText| {
        let mut now: Vec<FileNow> = (0..documents.len()).map(FileNow::Same).collect();
        now[changed] = FileNow::Other(ReadFile::new(source));
        workspace.borrow_mut().update(now);
    };
    let [full, again, updated, checked, resolved, planned] = rounds.of([
        ("full plan, without reading files", &mut |time| {
            let texts = sources(documents);
            time.of(|| {
                let (loaded, hierarchy) = load_check_and_resolve(texts);
                let observed: Observed = serde_json::from_slice(&json).unwrap();
                plan_of(&hierarchy, &loaded, &observed)
            });
        }),
        ("one file changed, all of it again", &mut |time| {
            let source = next();
            time.of(|| {
                update(source);
                let workspace = workspace.borrow();
                let loaded = workspace.loaded();
                assert!(check(loaded).is_empty());
                let hierarchy = Hierarchy::resolve(&loaded.declared).unwrap();
                let plan = plan_of(&hierarchy, loaded, &observed);
                assert!(!plan.actions.is_empty());
                plan
            });
        }),
        ("  of it: the workspace", &mut |time| {
            let source = next();
            time.of(|| update(source));
        }),
        ("  of it: check", &mut |time| time.of(|| check(&loaded))),
        ("  of it: resolve", &mut |time| time.of(|| Hierarchy::resolve(&loaded.declared).unwrap())),
        ("  of it: plan", &mut |time| time.of(|| plan_of(&hierarchy, &loaded, &observed))),
    ]);
    ratio("one file changed / full plan", &again, &full, Some(0.05));
    for (name, part) in
        [("workspace", &updated), ("check", &checked), ("resolve", &resolved), ("plan", &planned)]
    {
        ratio(&format!("  {name} / full plan"), part, &full, None);
    }
}
