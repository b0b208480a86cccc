//! Drift in words: where it is written what is wanted, and where it was found what there is, since
//! when. What is yet to be made is no drift: of that nothing is said.

use std::collections::BTreeSet;

use jiff::Timestamp;

use crate::{
    model::Written,
    plan::{FieldChange, Found},
    view::{counted, plain},
};

/// So many places are named for one value: an address has three parts.
const MOST_PLACES: usize = 3;

/// So many site systems are named on which something was found.
const MOST_FOUND: usize = 3;

/// A file, or why something is wanted, has as many letters: more are cut.
const LONGEST: usize = 200;

/// Where it is written what some changes of a field want: of one action, or of several that are
/// alike.
pub(super) fn wanted<'a>(changes: impl Iterator<Item = &'a FieldChange>) -> Option<String> {
    let found = changes.filter(|change| change.found.is_some());
    let mut texts = found.filter_map(|change| written_text(&change.written));
    let first = texts.next()?;
    let others: BTreeSet<String> = texts.filter(|text| *text != first).collect();
    let more = others.len();
    Some(if more > 0 { format!("{first}; and {more} more") } else { first })
}

fn written_text(written: &[Written]) -> Option<String> {
    let standing: Vec<_> = written.iter().filter(|it| it.default.is_none()).collect();
    if !standing.is_empty() {
        let mut places: Vec<_> = standing.iter().take(MOST_PLACES).map(|it| place(it)).collect();
        let more = standing.len().saturating_sub(MOST_PLACES);
        if more > 0 {
            places.push(format!("{more} more"));
        }
        return Some(places.join(" and "));
    }
    let first = written.first()?;
    let because = first.default.as_deref().unwrap_or_default();
    Some(format!("{}: {}", place(first), shown(because)))
}

fn place(written: &Written) -> String {
    format!("{}:{}:{}", shown(&written.file), written.line, written.column)
}

/// A text fit for a terminal, and not too long.
fn shown(text: &str) -> String {
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", plain(&text[..end])),
        None => plain(text).into_owned(),
    }
}

/// Where it was found what some changes change.
pub(super) fn found<'a>(
    changes: impl Iterator<Item = &'a FieldChange>,
    full: bool,
) -> Option<String> {
    let mut known = BTreeSet::new();
    let mut different: Vec<&Found> = changes.filter_map(|change| change.found.as_ref()).collect();
    different.retain(|it| known.insert((&it.site_system, &it.at, it.since)));
    let named = if full { different.len() } else { MOST_FOUND };
    let mut places: Vec<String> = different.iter().take(named).map(|it| found_text(it)).collect();
    let more = different.len().saturating_sub(named);
    if more > 0 {
        places.push(format!("and on {}", counted(more, "other site system")));
    }
    (!places.is_empty()).then(|| format!("found on {}", places.join("; ")))
}

fn found_text(found: &Found) -> String {
    let Found { site_system, at, since } = found;
    let since = since.map(|since| format!(", since {}", minute(since))).unwrap_or_default();
    format!("{site_system} ({}){since}", shown(at))
}

/// To the minute, in UTC.
fn minute(time: Timestamp) -> String {
    time.strftime("%Y-%m-%d %H:%MZ").to_string()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::model::{Kind, ResourceId};

    fn written(file: &str, line: usize, default: Option<&str>) -> Written {
        Written {
            resource: ResourceId::new(Kind::PortSettings, &"content".parse().unwrap()),
            field: "spec.http".to_owned(),
            file: file.to_owned(),
            line,
            column: 9,
            default: default.map(str::to_owned),
        }
    }

    fn change(on: &str, written: Vec<Written>) -> FieldChange {
        let found = Found {
            site_system: on.parse().unwrap(),
            at: "127.0.0.5".to_owned(),
            since: Some("2026-11-20T08:38:59.5Z".parse().unwrap()),
        };
        let change = FieldChange::new("x", json!(1), json!(2));
        FieldChange { written, found: Some(found), ..change }
    }

    fn both(changes: &[FieldChange]) -> String {
        format!(
            "{}\n{}",
            wanted(changes.iter()).unwrap_or_default(),
            found(changes.iter(), false).unwrap_or_default()
        )
    }

    #[test]
    fn says_where_both_values_are() {
        let one = change("sea-wsus", vec![written("ports.yaml", 12, None)]);
        insta::assert_snapshot!(both(&[one]), @r"
        ports.yaml:12:9
        found on sea-wsus (127.0.0.5), since 2026-11-20 08:38Z
        ");
        let whose = "the custom web site has HTTP 8530 and HTTPS 8531 (SUP-7)";
        let mut default = change("sea-wsus", vec![written("sea.yaml", 40, Some(whose))]);
        default.found.as_mut().unwrap().since = None;
        insta::assert_snapshot!(both(&[default]), @r"
        sea.yaml:40:9: the custom web site has HTTP 8530 and HTTPS 8531 (SUP-7)
        found on sea-wsus (127.0.0.5)
        ");
    }

    #[test]
    fn many_places_are_counted() {
        let many = (1..=5).map(|line| written("a.yaml", line, None)).collect();
        insta::assert_snapshot!(both(&[change("a", many)]), @r"
        a.yaml:1:9 and a.yaml:2:9 and a.yaml:3:9 and 2 more
        found on a (127.0.0.5), since 2026-11-20 08:38Z
        ");
        let several = ["a", "b", "c", "d", "d"]
            .map(|on| change(on, vec![written(&format!("{on}.yaml"), 1, None)]));
        insta::assert_snapshot!(both(&several), @r"
        a.yaml:1:9; and 3 more
        found on a (127.0.0.5), since 2026-11-20 08:38Z; b (127.0.0.5), since 2026-11-20 08:38Z; c (127.0.0.5), since 2026-11-20 08:38Z; and on 1 other site system
        ");
        let full = found(several.iter(), true).unwrap();
        assert_eq!(full.matches("127.0.0.5").count(), 4);
    }

    #[test]
    fn of_what_is_yet_to_be_made_nothing_is_said() {
        let mut new = FieldChange::new("ports.http", Value::Null, json!(8530));
        new.written = vec![written("ports.yaml", 12, None)];
        assert_eq!(both(&[new]), "\n");
    }

    #[test]
    fn what_an_agent_says_cannot_play_with_the_terminal() {
        let mut hostile = change("a", vec![written("\u{7}", 1, Some("\u{1b}[2J"))]);
        hostile.found.as_mut().unwrap().at = "\u{202e}\n".to_owned();
        let text = both(&[hostile]);
        assert!(!text.contains(['\u{1b}', '\u{7}', '\u{202e}']), "{text:?}");
        assert_eq!(text.lines().count(), 2);
    }
}
