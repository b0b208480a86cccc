//! Documents changed at random: loader and schema agree on what is right.

use headwater::{manifest::kind_schema, model::Kind};
use jsonschema::{ValidationError, error::ValidationErrorKind};
use proptest::{prelude::*, sample::Index};
use serde_json::{Map, Value, json};

use super::{
    documents::{documents, manifests},
    schemas::{Schemas, loaded, window_is_wrong, wrong},
};

/// Texts that are nearly what some field wants.
const TEXTS: &[&str] = &[
    "",
    "a",
    "ams-dp1",
    "A",
    "AMS",
    "AMS00001",
    "ams.contoso.example",
    "10.0.0.7",
    "a..b",
    "-a",
    "a:80",
    "http://a.example:8530",
    "ftp://a",
    "2403",
    "2007 SP2",
    "2007 SP9",
    "24",
    "90s",
    "20m",
    "7d",
    "10000d",
    "1 d",
    "0 2 * * *",
    "2026-12-01T02:00:00Z",
    "HTTP",
    "Custom",
    "Active",
    "None",
    "Import",
    "UpstreamServer",
    "Low",
    "Monday",
    "3.0 SP1",
    "true",
    "8530",
    "null",
    "~",
    "é",
    "6964aab4-c5b5-43bd-a17d-ffb4346a8e1d",
    "headwater.dev/v1alpha1",
    "Site",
    "Package",
];

/// Names of fields, of these kinds and of none.
const KEYS: &[&str] = &[
    "site",
    "siteCode",
    "parent",
    "url",
    "file",
    "type",
    "every",
    "cron",
    "pulse",
    "perHour",
    "path",
    "updates",
    "selfSigned",
    "secretRef",
    "labels",
    "annotations",
    "name",
    "software",
    "pull",
    "sources",
    "priority",
    "http",
    "https",
    "from",
    "to",
    "x",
    "Site",
    "headwater.dev/suspend",
];

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        4 => prop::sample::select(TEXTS).prop_map(Value::from),
        1 => any::<bool>().prop_map(Value::from),
        2 => prop::sample::select(&[0_i64, 1, 7, 23, 24, 80, 8530, 65_535, 65_536, -1, 1 << 32][..])
            .prop_map(Value::from),
        1 => Just(json!(2.5)),
        1 => Just(Value::Null),
    ];
    leaf.prop_recursive(2, 6, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
            prop::collection::vec((prop::sample::select(KEYS), inner), 0..3).prop_map(|members| {
                let members = members.into_iter().map(|(key, value)| (key.to_owned(), value));
                Value::Object(members.collect::<Map<_, _>>())
            }),
        ]
    })
}

/// What is done to a document somewhere.
#[derive(Debug, Clone)]
enum Mutation {
    Replace(Value),
    Remove,
    Add(&'static str, Value),
}

fn mutation() -> impl Strategy<Value = Mutation> {
    prop_oneof![
        3 => value().prop_map(Mutation::Replace),
        1 => Just(Mutation::Remove),
        2 => (prop::sample::select(KEYS), value()).prop_map(|(key, value)| Mutation::Add(key, value)),
    ]
}

/// The paths to all values of a document.
fn paths(value: &Value, path: &str, found: &mut Vec<String>) {
    found.push(path.to_owned());
    match value {
        Value::Object(members) => {
            for (key, member) in members {
                let key = key.replace('~', "~0").replace('/', "~1");
                paths(member, &format!("{path}/{key}"), found);
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                paths(item, &format!("{path}/{index}"), found);
            }
        }
        _ => {}
    }
}

fn mutate(document: &mut Value, at: Index, mutation: Mutation) {
    let mut found = Vec::new();
    paths(document, "", &mut found);
    let path = at.get(&found).clone();
    match mutation {
        Mutation::Replace(value) => *document.pointer_mut(&path).unwrap() = value,
        Mutation::Add(key, value) => {
            if let Some(Value::Object(members)) = document.pointer_mut(&path) {
                members.insert(key.to_owned(), value);
            }
        }
        Mutation::Remove => {
            let Some((parent, key)) = path.rsplit_once('/') else { return };
            match document.pointer_mut(parent) {
                Some(Value::Object(members)) => {
                    members.remove(&key.replace("~1", "/").replace("~0", "~"));
                }
                Some(Value::Array(items)) => {
                    items.remove(key.parse().unwrap());
                }
                _ => {}
            }
        }
    }
}

/// All valid documents that there are, to begin with.
fn valid_documents() -> Vec<Value> {
    let examples = manifests("examples");
    let written = examples.iter().flat_map(|path| documents(path)).map(Result::unwrap);
    let shown = Kind::ALL.into_iter().map(|kind| kind_schema(kind)["examples"][0].clone());
    written.chain(shown).collect()
}

/// The document with every bare word where a text is wanted made a text: the first of the known
/// differences. `None` where that changes nothing.
fn quoted(document: &Value) -> Value {
    match document {
        Value::Object(members) => {
            members.iter().map(|(key, member)| (key.clone(), quoted(member))).collect()
        }
        Value::Array(items) => items.iter().map(quoted).collect(),
        Value::String(text) => json!(text),
        bare => json!(bare.to_string()),
    }
}

thread_local! {
    static SCHEMAS: Schemas = Schemas::new();
    static VALID: Vec<Value> = valid_documents();
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

    #[test]
    fn loader_and_schema_agree_on_what_is_right(
        of in any::<Index>(),
        mutations in prop::collection::vec((any::<Index>(), mutation()), 0..3),
    ) {
        let mut document = VALID.with(|valid| of.get(valid).clone());
        for (at, mutation) in mutations {
            mutate(&mut document, at, mutation);
        }
        // That is no document, and no mistake.
        prop_assume!(!document.is_null());
        // JSON is YAML, with every text in quotes.
        let loaded = loaded(&document.to_string());
        let wrong = wrong(&loaded);
        let hours = wrong.iter().all(|problem| problem.message.starts_with("hours from"));
        let accepted = SCHEMAS.with(|schemas| schemas.accept(&document));
        if accepted {
            prop_assert!(hours, "{document:#}\n{wrong:#?}");
        } else if wrong.is_empty() && !window_is_wrong(&loaded) {
            prop_assert!(bare_only(&document), "{document:#}");
        }
    }
}

/// How much is wrong with a document by the schema, with what is wrong in each choice that it offers:
/// the choice is one error, however many of its parts are wrong.
fn errors(document: &Value) -> usize {
    SCHEMAS.with(|schemas| schemas.combined.iter_errors(document).map(|error| within(&error)).sum())
}

fn within(error: &ValidationError<'_>) -> usize {
    match error.kind() {
        ValidationErrorKind::AnyOf { context } | ValidationErrorKind::OneOfNotValid { context } => {
            context.iter().flatten().map(within).sum()
        }
        _ => 1,
    }
}

/// Whether a document that the schema refuses is right but for bare words where a text is wanted.
fn bare_only(document: &Value) -> bool {
    let mut found = Vec::new();
    paths(document, "", &mut found);
    let mut mended = document.clone();
    for path in found {
        let value = document.pointer(&path).unwrap();
        if value.is_boolean() || value.is_number() || value.is_null() {
            let mut tried = mended.clone();
            *tried.pointer_mut(&path).unwrap() = quoted(value);
            if errors(&tried) < errors(&mended) {
                mended = tried;
            }
        }
    }
    SCHEMAS.with(|schemas| schemas.accept(&mended))
}
