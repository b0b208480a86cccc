//! One text, taken through everything that is done with manifests before a plan is made.

use std::{path::Path, sync::Arc};

use headwater::{
    check::{Severity, check_beside},
    manifest::{
        FileNow, Loaded, Piece, ReadFile, SourceText, UnreadFile, Workspace, load, pieces,
        put_together,
    },
    model::Hierarchy,
    view::{problems_json, problems_text},
};

fn source(text: &str) -> SourceText {
    let directory: Arc<Path> = Arc::from(Path::new("/manifests"));
    SourceText { name: "fuzz.yaml".to_owned(), directory, text: text.to_owned() }
}

/// Reads a text, applies the rules, draws what is wrong, and resolves what is not.
///
/// # Panics
///
/// Something of it does not hold.
pub(super) fn case(text: &str) {
    let loaded = load(vec![source(text)]);
    let mut problems = loaded.problems.clone();
    problems.extend(check_beside(&loaded.declared, &loaded.unread));
    let shown = problems_text(&problems, &loaded.source_map, true);
    assert_eq!(problems.is_empty(), shown.is_empty());
    let json = problems_json(&problems, &loaded.source_map);
    assert!(!json.contains("\"line\": null"), "a problem has no place");
    if problems.iter().all(|problem| problem.severity != Severity::Error) {
        let resolved = Hierarchy::resolve(&loaded.declared);
        assert!(resolved.is_ok(), "the rules let pass what does not resolve: {resolved:?}");
    }
}

/// Checks that every way to read a text comes to the same: at once, in pieces, after something
/// else; and by any of the parsers, which two comments decide: a dash like that is not plain, and
/// what may be an anchor is read carefully.
///
/// # Panics
///
/// They do not come to the same.
pub(super) fn same_every_way(text: &str) {
    let loaded = load(vec![source(text)]);
    let files = vec![UnreadFile::new(source(text))];
    let read = pieces(&files, 3).iter().map(Piece::read).rev().collect();
    let in_pieces = Workspace::new(put_together(files, read));
    assert_eq!(loaded.problems, in_pieces.loaded().problems);
    same(&loaded, in_pieces.loaded());
    let mut workspace = Workspace::new(vec![ReadFile::new(source("kind: Nothing\n"))]);
    workspace.update(vec![FileNow::Other(ReadFile::new(source(text)))]);
    assert_eq!(loaded.problems, workspace.loaded().problems);
    same(&loaded, workspace.loaded());
    // A text in block style has the end of its last line, and no other one, so that a comment may
    // not bring one of its own.
    let ended = if text.ends_with(['\n', '\r']) { text.to_owned() } else { format!("{text}\n") };
    let loaded = load(vec![source(&ended)]);
    for comment in ["# —", "# —&\""] {
        let commented = load(vec![source(&format!("{ended}{comment}\n"))]);
        assert_eq!(loaded.problems.is_empty(), commented.problems.is_empty(), "{commented:#?}");
        assert_eq!(loaded.declared, commented.declared);
        assert_eq!(loaded.digest, commented.digest);
        // What a broken document was meant to be may be another thing with a comment behind it,
        // where it ends in an open quotation.
    }
}

fn same(one: &Loaded, other: &Loaded) {
    assert_eq!(one.declared, other.declared);
    assert_eq!(one.unread, other.unread);
    assert_eq!(one.digest, other.digest);
}
