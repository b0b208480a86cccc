//! What `load` and `check` promise: they never fail, whatever is written, and what they let pass
//! resolves.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use headwater::{
    check::{Severity, check, check_beside},
    manifest::{Loaded, SourceText, load},
    model::Hierarchy,
    view::{problems_json, problems_text},
};
use proptest::prelude::*;

fn contoso() -> Vec<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/contoso");
    let files = ["sites/cen", "sites/ams", "sites/sea", "sites/lis", "ports", "packages"];
    files
        .iter()
        .flat_map(|file| {
            let text = std::fs::read_to_string(root.join(format!("{file}.yaml"))).unwrap();
            text.split("\n---\n").map(str::to_owned).collect::<Vec<_>>()
        })
        .collect()
}

fn loaded(text: &str) -> Loaded {
    let directory: Arc<Path> = PathBuf::from("/manifests").into();
    load(vec![SourceText { name: "test.yaml".to_owned(), directory, text: text.to_owned() }])
}

/// Words that may stand in each other's place: names lead elsewhere, roles and types change.
const WORDS: &[&str] = &[
    "cen",
    "ams",
    "sea",
    "lis",
    "cen-srv",
    "ams-srv",
    "lis-srv",
    "ams-dp1",
    "ams-dp2",
    "ams-dp3",
    "lis-dp",
    "content",
    "amsterdam",
    "Central",
    "Primary",
    "Secondary",
    "Mixed",
    "Native",
    "Active",
    "InternetBased",
    "Import",
    "ParentSite",
    "ActiveUpdatePoint",
    "None",
    "Internet",
    "Intranet",
    "CEN",
    "AMS",
    "8080",
    "8081",
    "80",
];

/// Replaces the `nth` value of the document that is one of the words.
fn replace(document: &str, nth: usize, word: &str) -> String {
    let is_word = |line: &str| {
        line.rsplit([' ', ':']).next().is_some_and(|last| WORDS.contains(&last.trim()))
    };
    let candidates: Vec<usize> =
        document.lines().enumerate().filter(|(_, line)| is_word(line)).map(|(i, _)| i).collect();
    let Some(chosen) = candidates.get(nth % candidates.len().max(1)) else {
        return document.to_owned();
    };
    let mut lines: Vec<String> = document.lines().map(str::to_owned).collect();
    let line = &mut lines[*chosen];
    line.truncate(line.rfind(' ').map_or(0, |space| space + 1));
    line.push_str(word);
    lines.join("\n")
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, ..ProptestConfig::default() })]

    #[test]
    fn what_the_rules_let_pass_resolves(
        removed in prop::collection::vec(any::<prop::sample::Index>(), 0..3),
        changed in prop::collection::vec(
            (any::<prop::sample::Index>(), any::<usize>(), prop::sample::select(WORDS)), 0..4),
    ) {
        let mut documents = contoso();
        for (index, nth, word) in changed {
            let document = index.get_mut(&mut documents);
            *document = replace(document, nth, word);
        }
        for index in removed {
            let position = index.index(documents.len());
            documents.remove(position);
        }
        let loaded = loaded(&documents.join("\n---\n"));
        let problems = check(&loaded.declared);
        if problems.iter().all(|problem| problem.severity != Severity::Error) {
            let resolved = Hierarchy::resolve(&loaded.declared);
            prop_assert!(resolved.is_ok(), "{}", resolved.unwrap_err());
        }
    }

    #[test]
    fn nothing_that_is_written_is_too_much(
        cuts in prop::collection::vec((any::<prop::sample::Index>(), ".{0,8}"), 0..6),
        noise in r#"([a-z:\-\[\]{}&*!|>'"%@#?, \t\r\n\\]|---\n|\u{feff}|é|\PC){0,60}"#,
    ) {
        let mut text = contoso().join("\n---\n") + "\n---\n" + &noise;
        for (index, piece) in cuts {
            let mut at = index.index(text.len());
            while !text.is_char_boundary(at) {
                at -= 1;
            }
            text.insert_str(at, &piece);
        }
        for text in [text, noise] {
            let loaded = loaded(&text);
            let mut problems = loaded.problems.clone();
            problems.extend(check_beside(&loaded.declared, &loaded.unread));
            let shown = problems_text(&problems, &loaded.source_map, true);
            prop_assert_eq!(problems.is_empty(), shown.is_empty());
            let json = problems_json(&problems, &loaded.source_map);
            prop_assert!(!json.contains("\"line\": null"));
        }
    }
}

#[test]
fn the_example_needs_every_document() {
    let whole = loaded(&contoso().join("\n---\n"));
    assert_eq!(whole.problems, []);
    let problems = check(&whole.declared);
    assert!(problems.iter().all(|problem| problem.severity == Severity::Info), "{problems:#?}");
    let hierarchy = Hierarchy::resolve(&whole.declared).unwrap();
    assert_eq!(hierarchy.sites.len(), 4);
    assert_eq!(hierarchy.update_points.len(), 5);
    assert_eq!(hierarchy.distribution_points.len(), 4);
}
