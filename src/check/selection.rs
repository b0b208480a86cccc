//! SUP-9: products and classifications are chosen from what the catalog offers.

use std::collections::BTreeMap;

use uuid::Uuid;

use super::{
    Place, Problem, Rule, Severity,
    declaration::Declaration,
    document::{Document, OfKind},
    linked::UpdatePoint,
    secured_channel,
    top_level_settings::{self, is_below},
};
use crate::model::{
    ContentStore, FieldPath, Selection, SourceType, UpdateContentSpec, UpdateSelection,
};

pub(super) const RULE: Rule = Rule {
    id: "SUP-9",
    severity: Severity::Error,
    summary: "products and classifications are titles or identifiers that the catalog offers, each \
              once",
    why: "The first synchronization of a new top-level point brings what can be chosen, then the \
          choice is applied, then everything that was chosen follows. What the catalog does not \
          offer ends that.",
    wrong: "\
kind: SoftwareUpdatePoint
metadata: {name: cen-active}
spec: {site: cen, role: Active, products: [Windows 11, \"\"]}
",
    right: "\
kind: SoftwareUpdatePoint
metadata: {name: cen-active}
spec: {site: cen, role: Active, products: [Windows 11]}
",
};

pub(super) fn check(declaration: &Declaration<'_>, problems: &mut Vec<Problem>) {
    for point in &declaration.update_points {
        let spec = point.document.spec();
        let title = TITLE;
        for (rule, key, what, texts, help) in [
            (&RULE, "classifications", "classification", &spec.classifications, title),
            (&RULE, "products", "product", &spec.products, title),
            (&top_level_settings::RULE, "publishers", "publisher", &spec.publishers, PUBLISHER),
            (&top_level_settings::RULE, "languages", "language", &spec.languages, LANGUAGE),
        ] {
            let place = FieldPath::new("spec").key(key);
            list(point.document, &List { rule, place, what, texts, help }, problems);
        }
        content(point, problems);
        if let Some(texts) = &spec.downstream_servers {
            let place = FieldPath::new("spec.downstreamServers");
            let (rule, what, help) = (&secured_channel::RULE, "server", SERVER);
            list(point.document, &List { rule, place, what, texts, help }, problems);
        }
        // Below the top, SUP-8 objects to the choice as such.
        if is_below(declaration, point) == Some(false) {
            problems.extend(without_effect(point));
        }
    }
}

/// The updates whose files are stored.
fn content(point: &UpdatePoint<'_>, problems: &mut Vec<Problem>) {
    let document = point.document;
    let Some(UpdateContentSpec { store, updates: Some(updates) }) = &document.spec().content else {
        return;
    };
    let path = FieldPath::new("spec.content.updates");
    titles(document, &path, updates, problems);
    if *store == ContentStore::None {
        let message = "`updates` has no effect with `store: None`: no file is stored";
        let help = "write `store: Selected`, or remove `updates`";
        let of = document.place("spec.content.store");
        let problem = document.key(&RULE, path, message).warning().help(help);
        problems.push(problem.related(of, "what is stored"));
    }
}

/// The titles of a selection of updates.
pub(super) fn titles<Spec: OfKind>(
    document: Document<'_, Spec>,
    path: &FieldPath,
    updates: &UpdateSelection,
    problems: &mut Vec<Problem>,
) {
    for (key, what, texts) in [
        ("classifications", "classification", &updates.classifications),
        ("products", "product", &updates.products),
    ] {
        let place = path.clone().key(key);
        list(document, &List { rule: &RULE, place, what, texts, help: TITLE }, problems);
    }
}

const TITLE: &str = "write its title or its identifier, or remove it";
const PUBLISHER: &str = "write the name of a local publisher, or remove it";
const SERVER: &str = "write the name that the server gives, or its GUID, or remove it";
const LANGUAGE: &str = "write a language such as `en`, or remove it";

/// Texts of which each has to say something, and stands once.
struct List<'a> {
    rule: &'static Rule,
    /// Where they are listed.
    place: FieldPath,
    what: &'a str,
    texts: &'a [String],
    help: &'a str,
}

fn list<Spec: OfKind>(document: Document<'_, Spec>, list: &List<'_>, problems: &mut Vec<Problem>) {
    let List { rule, place, what, texts, help } = list;
    let (rule, help) = (*rule, *help);
    let place = |index| place.clone().index(index);
    let mut listed = BTreeMap::new();
    for (index, text) in texts.iter().enumerate() {
        let meant = text.trim().to_lowercase();
        if meant.is_empty() {
            let message = format!("an empty text is no {what}");
            problems.push(document.value(rule, place(index), message).help(help));
            continue;
        }
        let named_by_identifier = [RULE.id, secured_channel::RULE.id].contains(&rule.id);
        if named_by_identifier && is_nearly_an_identifier(&meant) {
            let message = format!("`{text}` looks like an identifier, but is none");
            let help = "write 32 hexadecimal digits in groups of 8, 4, 4, 4 and 12";
            problems.push(document.value(rule, place(index), message).warning().help(help));
        }
        let first = *listed.entry(meant).or_insert(index);
        if first != index {
            let message = format!("{what} `{text}` is listed twice");
            let first = Place::value(document.resource.document, place(first));
            problems.push(
                document
                    .value(rule, place(index), message)
                    .warning()
                    .related(first, "the first time")
                    .help("remove it here"),
            );
        }
    }
}

/// Whether a text is written as identifiers are, but does not have their digits: no title is.
fn is_nearly_an_identifier(text: &str) -> bool {
    let digits = text.bytes().filter(u8::is_ascii_hexdigit).count();
    let others = text.bytes().all(|c| c.is_ascii_hexdigit() || matches!(c, b'-' | b'{' | b'}'));
    others && digits >= 24 && Uuid::try_parse(text).is_err()
}

fn without_effect(point: &UpdatePoint<'_>) -> Option<Problem> {
    let document = point.document;
    let spec = document.spec();
    let source = spec.source.as_ref().map(|source| source.r#type);
    let key = match (spec.products.is_empty(), spec.classifications.is_empty()) {
        (false, _) => "products",
        (true, false) => "classifications",
        (true, true) if spec.selection == Selection::AtLeast => {
            let message = "`AtLeast` has no effect where nothing is listed: everything that the \
                           source has is synchronized";
            let help = "list `products` or `classifications`, or remove `selection`";
            return Some(document.value(&RULE, "spec.selection", message).info().help(help));
        }
        (true, true) => return None,
    };
    let what = match source? {
        SourceType::Import => "the whole file is imported",
        SourceType::None => "nothing is synchronized",
        _ => return None,
    };
    let message = format!("`{key}` has no effect with source `{:?}`: {what}", source?);
    Some(
        document
            .key(&RULE, format!("spec.{key}").as_str(), message)
            .info()
            .related(document.place("spec.source.type"), "the source")
            .help("remove it, or keep it for the day on which the source is a server"),
    )
}
