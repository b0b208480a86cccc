//! What a document that cannot be read was meant to be: nobody who refers to it is to be blamed.

use saphyr_parser::{Event, Parser};

use super::{source_text::DEEPEST, tree::Node};
use crate::{
    check::{Meant, closest},
    model::{Kind, Name},
};

/// So much of a document is looked at: what it is stands at its beginning, and much more than that
/// is there only where somebody tries how long it takes.
const BEGINNING: usize = 64 << 10;

/// The kind that is written, or the one that was probably meant.
pub(super) fn meant_kind(written: &str) -> Option<Kind> {
    let meant = closest(written, Kind::ALL.map(Kind::as_str))?;
    Kind::ALL.into_iter().find(|kind| kind.as_str() == meant)
}

/// What a document says that it is, if it is YAML.
pub(super) fn by_tree(root: &Node) -> Meant {
    let at = |node: &str, key: &str| root.get(node)?.get(key)?.text()?.parse::<Name>().ok();
    Meant {
        kind: root.get("kind").and_then(Node::text).and_then(meant_kind),
        name: at("metadata", "name"),
        site: at("spec", "site"),
    }
}

/// What a text that is no YAML says that it is: what a parser sees of it before it gives up, and
/// else what stands on lines of its own.
pub(super) fn by_text(text: &str) -> Meant {
    let text = &text[..text.floor_char_boundary(BEGINNING)];
    let seen = until_it_breaks(text);
    let kind = || lines_of(text).find_map(|line| line.strip_prefix("kind:")).and_then(scalar);
    Meant {
        kind: seen.kind.or_else(kind).as_deref().and_then(meant_kind),
        name: seen.name.or_else(|| name(text)).and_then(|name| name.parse().ok()),
        site: seen.site.and_then(|site| site.parse().ok()),
    }
}

fn lines_of(text: &str) -> impl Iterator<Item = &str> {
    text.lines().filter(|line| !line.trim_start().starts_with('#'))
}

/// The text of a value that is alone on its line: without quotes, and without a comment.
fn scalar(value: &str) -> Option<String> {
    let value = value.trim();
    let inner = match value.chars().next()? {
        quote @ ('"' | '\'') => value[1..].split(quote).next()?,
        _ => value.split(" #").next()?.trim_end(),
    };
    (!inner.is_empty()).then(|| inner.to_owned())
}

/// The name, as it stands on a line of its own below `metadata`, or in braces on the same line.
fn name(text: &str) -> Option<String> {
    let mut lines = lines_of(text).skip_while(|line| !line.starts_with("metadata:"));
    let flow = lines.next()?.trim_start_matches("metadata:").trim_start();
    if let Some(entries) = flow.strip_prefix('{') {
        let mut entries = entries.split([',', '}']).map(str::trim);
        return scalar(entries.find_map(|entry| entry.strip_prefix("name:"))?);
    }
    let indentation = |line: &str| line.len() - line.trim_start().len();
    let mut own = lines.filter(|line| !line.trim().is_empty()).take_while(|it| indentation(it) > 0);
    let first = own.next()?;
    let level = indentation(first);
    let mut keys = std::iter::once(first).chain(own.filter(|line| indentation(line) == level));
    scalar(keys.find_map(|line| line.trim_start().strip_prefix("name:"))?)
}

/// What has been written where, as far as a text can be read.
#[derive(Default)]
struct Seen {
    kind: Option<String>,
    name: Option<String>,
    site: Option<String>,
}

/// A mapping or a list that is not closed yet.
struct Open {
    mapping: bool,
    /// The key whose value comes next.
    key: Option<String>,
    /// Whether a value comes next.
    value: bool,
}

fn until_it_breaks(text: &str) -> Seen {
    let mut seen = Seen::default();
    let mut open: Vec<Open> = Vec::new();
    for event in Parser::new_from_str(text) {
        let Ok((event, _)) = event else { break };
        match event {
            Event::Scalar(text, ..) => match open.last_mut() {
                Some(Open { mapping: true, key, value: value @ false }) => {
                    *key = Some(text.into_owned());
                    *value = true;
                }
                Some(_) => {
                    seen.see(&open, text.into_owned());
                    has_come(&mut open);
                }
                None => break,
            },
            Event::MappingStart(..) | Event::SequenceStart(..) if open.len() <= DEEPEST => {
                let mapping = matches!(event, Event::MappingStart(..));
                open.push(Open { mapping, key: None, value: false });
            }
            Event::MappingEnd | Event::SequenceEnd => {
                open.pop();
                has_come(&mut open);
            }
            Event::Alias(_) => has_come(&mut open),
            Event::StreamStart | Event::DocumentStart(_) | Event::Nothing => {}
            _ => break,
        }
    }
    seen
}

/// A key or a value is complete: after a key comes a value, after a value a key.
fn has_come(open: &mut [Open]) {
    if let Some(Open { mapping: true, key, value }) = open.last_mut() {
        *value = !*value;
        *key = None;
    }
}

impl Seen {
    fn see(&mut self, open: &[Open], text: String) {
        let keys: Vec<_> = open.iter().map(|it| it.key.as_deref().unwrap_or_default()).collect();
        let place = match keys.as_slice() {
            ["kind"] => &mut self.kind,
            ["metadata", "name"] => &mut self.name,
            ["spec", "site"] => &mut self.site,
            _ => return,
        };
        place.get_or_insert(text);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(text: &str) -> String {
        let Meant { kind, name, site } = by_text(text);
        let kind = kind.map_or("?", Kind::as_str);
        let [name, site] = [name, site].map(|it| it.map_or("?".to_owned(), String::from));
        format!("{kind}/{name} of {site}")
    }

    #[test]
    fn what_stands_before_the_mistake_is_seen_however_it_is_written() {
        let broken = "spec: {site: cen, address: [}\n";
        for head in [
            "kind: SiteSystem\nmetadata:\n  name: srv\n",
            "kind: SiteSystem\nmetadata: {name: srv}\n",
            "kind: SiteSystem\nmetadata:\n  name: \"srv\"\n",
            "kind: SiteSystem # it is\nmetadata:\n  name: srv # c\n",
            "kind: \"SiteSystem\"\nmetadata:\n  labels: {name: foo}\n  name: 'srv'\n",
            "kind: SiteSytem\nmetadata:\n  labels:\n    name: foo\n  name: srv\n",
            "metadata:\n- {name: foo}\nmetadata: {? {a: b} : c, name: srv}\nkind: SiteSystem\n",
        ] {
            assert_eq!(told(&format!("{head}{broken}")), "SiteSystem/srv of cen", "{head}");
        }
        assert_eq!(told(r#"{"kind": "Site", "metadata": {"name": "x"}, "spec": {"#), "Site/x of ?");
    }

    #[test]
    fn behind_the_mistake_lines_are_looked_at() {
        let broken = "spec: {site: cen, address: [}\n";
        for tail in [
            "metadata:\n  labels:\n    name: foo\n  # c\n  name: 'srv' # c\nkind: \"SiteSystem\"\n",
            "kind: SiteSystem # c\nmetadata: {labels: {a: b}, name: srv}\n",
        ] {
            assert_eq!(told(&format!("{broken}{tail}")), "SiteSystem/srv of cen", "{tail}");
        }
        assert_eq!(told("metadata:\nname: x\n]"), "?/? of ?");
        assert_eq!(told(""), "?/? of ?");
    }
}
