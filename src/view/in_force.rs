//! Which commit's manifests are in force, for people.

use crate::model::{CommitInForce, ManifestsInForce, RefusedCommit, UnreachableSource};

use super::{
    plain::{add, plain},
    status::second,
};

/// Where manifests come from, which commit is in force, and why it is not the newest one.
pub fn in_force_text(manifests: &ManifestsInForce) -> String {
    let ManifestsInForce { source, commit, refused, unreachable } = manifests;
    // Its form leaves no room for secrets, and what stands behind its `#` is none.
    let mut text = format!("Manifests come from {source}\n");
    match commit {
        Some(CommitInForce { id, since }) => {
            add(&mut text, format_args!("in force: {} since {}\n", id.short(), second(*since)));
        }
        None => text.push_str("in force: none, there was no good commit yet\n"),
    }
    if let Some(RefusedCommit { id, at, why }) = refused {
        let (id, at, why) = (id.short(), second(*at), plain(why));
        add(&mut text, format_args!("refused:  {id} at {at}: {why}\n"));
    }
    if let Some(UnreachableSource { since, why }) = unreachable {
        let (since, why) = (second(*since), plain(why));
        add(&mut text, format_args!("cannot be fetched since {since}: {why}\n"));
    }
    text
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;

    #[test]
    fn what_is_in_force_and_what_is_not_stands_on_lines_of_its_own() {
        let source = "git+https://a.example/b#main:c".parse().unwrap();
        let mut manifests = ManifestsInForce::nothing_of(source);
        assert_eq!(
            in_force_text(&manifests),
            "Manifests come from git+https://a.example/b#main:c\n\
             in force: none, there was no good commit yet\n"
        );
        let id = |digit: &str| digit.repeat(40).parse().unwrap();
        let at = Timestamp::UNIX_EPOCH;
        manifests.commit = Some(CommitInForce { id: id("a"), since: at });
        manifests.refused = Some(RefusedCommit { id: id("b"), at, why: "\u{1b}[2J".to_owned() });
        manifests.unreachable = Some(UnreachableSource { since: at, why: "no".to_owned() });
        assert_eq!(
            in_force_text(&manifests),
            "Manifests come from git+https://a.example/b#main:c\n\
             in force: aaaaaaaaaaaa since 1970-01-01 00:00:00Z\n\
             refused:  bbbbbbbbbbbb at 1970-01-01 00:00:00Z: \\u{1b}[2J\n\
             cannot be fetched since 1970-01-01 00:00:00Z: no\n"
        );
    }
}
