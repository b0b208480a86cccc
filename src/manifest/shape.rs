//! What of a document does not fit the schema of its kind: all of it, each at its place.

use std::str::FromStr;

use serde_json::{Map, Value as Json};
use uuid::Uuid;

use super::{
    schema::kind_schema,
    source_text::MOST_PROBLEMS_OF_A_DOCUMENT,
    tree::{Node, Value},
};
use crate::{
    check::{Place, Problem, SCHEMA, closest},
    model::{
        Address, Article, CodeRepository, DocumentId, FieldPath, Forest, Interval, InvalidText,
        Kind, MailAddress, Name, PackageId, SecretFile, SiteCode, SiteVersion, WebUrl,
    },
};

/// What does not fit the schema of a kind.
pub(super) fn mismatches(root: &Node, kind: Kind, document: DocumentId) -> Vec<Problem> {
    let schema = kind_schema(kind);
    let mut comparison = Comparison { schema, document, problems: Vec::new() };
    comparison.compare(root, schema, &FieldPath::default());
    comparison.problems
}

struct Comparison {
    schema: &'static Json,
    document: DocumentId,
    problems: Vec<Problem>,
}

/// A schema with its references followed.
struct Wanted {
    schema: &'static Json,
    /// The name of the type, where it has one.
    named: Option<&'static str>,
    /// Whether nothing may be written.
    optional: bool,
}

impl Comparison {
    // Calls itself no deeper than the tree, which is bounded, and so is the schema.
    fn compare(&mut self, node: &Node, schema: &'static Json, path: &FieldPath) {
        let wanted = self.wanted(schema);
        if wanted.optional && node.is_null() {
            return;
        }
        let schema = wanted.schema;
        let kind = match &schema["type"] {
            Json::Array(types) => types.first().and_then(Json::as_str),
            other => other.as_str(),
        };
        if let Some(words) = words(schema) {
            self.one_of(node, &words, path);
        } else {
            match kind {
                Some("object") => self.mapping(node, schema, path),
                Some("array") => self.sequence(node, schema, path),
                Some("boolean") => self.boolean(node, path),
                Some("integer") => self.integer(node, schema, path),
                Some("string") => self.text(node, &wanted, path),
                // `apiVersion` and `kind`, which were looked at before.
                _ => {}
            }
        }
    }

    fn wanted(&self, mut schema: &'static Json) -> Wanted {
        let mut named = None;
        let mut optional = false;
        loop {
            if let Some(name) =
                schema["$ref"].as_str().and_then(|path| path.strip_prefix("#/$defs/"))
            {
                named = Some(name);
                schema = &self.schema["$defs"][name];
            } else if let Some(choices) = schema["anyOf"].as_array() {
                // An optional field: the type, or null.
                let null = |choice: &&Json| choice["type"] == "null";
                optional |= choices.iter().any(|choice| null(&choice));
                match choices.iter().find(|choice| !null(choice)) {
                    Some(choice) => schema = choice,
                    None => return Wanted { schema, named, optional },
                }
            } else {
                let types = schema["type"].as_array();
                optional |= types.is_some_and(|types| types.iter().any(|kind| kind == "null"));
                return Wanted { schema, named, optional };
            }
        }
    }

    fn wrong(&mut self, path: &FieldPath, message: String, help: impl Into<String>) {
        let place = Place::value(self.document, path.clone());
        self.found(SCHEMA.problem(None, place, message).help(help));
    }

    fn found(&mut self, problem: Problem) {
        if self.problems.len() < MOST_PROBLEMS_OF_A_DOCUMENT {
            self.problems.push(problem);
        }
    }

    fn mapping(&mut self, node: &Node, schema: &'static Json, path: &FieldPath) {
        let nothing = Map::new();
        let Value::Mapping(entries) = &node.value else {
            self.wrong(
                path,
                format!("{} is not a mapping", shown(path)),
                "write `key: value` lines",
            );
            return;
        };
        let properties = schema["properties"].as_object();
        let known = || properties.unwrap_or(&nothing).keys().map(String::as_str);
        let mut meant = Vec::new();
        for (key, value) in entries {
            let Some(name) = key.text() else {
                self.wrong(path, format!("a key of {} is not a text", shown(path)), "write a text");
                continue;
            };
            let path = path.clone().literal_key(name);
            if let Some(property) = properties.and_then(|properties| properties.get(name)) {
                self.compare(value, property, &path);
            } else if schema["additionalProperties"].is_object() {
                self.compare(value, &schema["additionalProperties"], &path);
            } else {
                let help = if let Some(similar) = closest(name, known()) {
                    meant.push(similar);
                    format!("did you mean `{similar}`?")
                } else {
                    format!("write one of `{}`", known().collect::<Vec<_>>().join("`, `"))
                };
                let place = Place::key(self.document, path);
                let message = format!("unknown key `{name}`");
                self.found(SCHEMA.problem(None, place, message).help(help));
            }
        }
        for required in schema["required"].as_array().into_iter().flatten() {
            let Some(name) = required.as_str() else { continue };
            // What is spelled wrongly is not missing as well.
            if node.get(name).is_some() || meant.contains(&name) {
                continue;
            }
            let what = self.description(&schema["properties"][name]);
            let place = Place::key(self.document, path.clone());
            let message = match path.segments() {
                [] => format!("`{name}` is missing"),
                _ => format!("`{name}` is missing in {}", shown(path)),
            };
            let problem = SCHEMA.problem(None, place, message);
            self.found(match what {
                Some(what) => problem.help(format!("add `{name}`: {what}")),
                None => problem.help(format!("add `{name}`")),
            });
        }
    }

    /// The first sentence that the types say of a field, as part of another sentence.
    fn description(&self, schema: &'static Json) -> Option<String> {
        let own = schema["description"].as_str();
        let text = own.or_else(|| self.wanted(schema).schema["description"].as_str())?;
        let sentence = text.split(". ").next()?.split(".\n").next()?.trim_end_matches('.');
        let sentence = sentence.replace('\n', " ");
        let mut letters = sentence.chars();
        let first = letters.next()?.to_lowercase();
        Some(first.chain(letters).collect())
    }

    fn sequence(&mut self, node: &Node, schema: &'static Json, path: &FieldPath) {
        let Value::Sequence(items) = &node.value else {
            self.wrong(
                path,
                format!("{} is not a list", shown(path)),
                "write a line `- …` for each",
            );
            return;
        };
        for (index, item) in items.iter().enumerate() {
            self.compare(item, &schema["items"], &path.clone().index(index));
        }
    }

    /// The text of a value that is to be a single one.
    fn single<'n>(&mut self, node: &'n Node, path: &FieldPath) -> Option<(&'n str, bool)> {
        match &node.value {
            Value::Scalar { text, plain } => Some((text, *plain)),
            Value::Sequence(_) => {
                self.wrong(path, format!("{} is a list", shown(path)), "write a single value");
                None
            }
            Value::Mapping(_) => {
                self.wrong(path, format!("{} is a mapping", shown(path)), "write a single value");
                None
            }
        }
    }

    fn one_of(&mut self, node: &Node, words: &[&str], path: &FieldPath) {
        let Some((text, _)) = self.single(node, path) else { return };
        if words.contains(&text) {
            return;
        }
        let help = match closest(text, words.iter().copied()) {
            Some(word) => format!("did you mean `{word}`?"),
            None => format!("write one of `{}`", words.join("`, `")),
        };
        self.wrong(path, format!("{} cannot be `{text}`", shown(path)), help);
    }

    fn boolean(&mut self, node: &Node, path: &FieldPath) {
        let Some((text, plain)) = self.single(node, path) else { return };
        if plain && matches!(text, "true" | "True" | "TRUE" | "false" | "False" | "FALSE") {
            return;
        }
        let help = "write `true` or `false`, without quotes";
        self.wrong(path, format!("{} cannot be `{text}`", shown(path)), help);
    }

    fn integer(&mut self, node: &Node, schema: &Json, path: &FieldPath) {
        let Some((text, plain)) = self.single(node, path) else { return };
        let smallest = schema["minimum"].as_i64().unwrap_or(i64::MIN);
        let largest = schema["maximum"].as_i64().unwrap_or(i64::MAX);
        let fits = text.parse().is_ok_and(|number| (smallest..=largest).contains(&number));
        // Some readers of YAML take it for an octal number, and others for a text.
        let zero = text.len() > 1 && text.starts_with('0');
        let radix = text.starts_with("0x") || text.starts_with("0o");
        // Other ways to write a number are left to the types.
        if plain && (fits && !zero || radix) {
            return;
        }
        let without = if zero && fits { "a leading zero" } else { "quotes" };
        let help = format!("write a number from {smallest} to {largest}, without {without}");
        self.wrong(path, format!("{} cannot be `{text}`", shown(path)), help);
    }

    fn text(&mut self, node: &Node, wanted: &Wanted, path: &FieldPath) {
        let Some((text, _)) = self.single(node, path) else { return };
        let invalid = match (wanted.named, wanted.schema["format"].as_str()) {
            (Some("Name"), _) => invalid::<Name>(text),
            (Some("SiteCode"), _) => invalid::<SiteCode>(text),
            (Some("PackageId"), _) => invalid::<PackageId>(text),
            (Some("Address"), _) => invalid::<Address>(text),
            (Some("Forest"), _) => invalid::<Forest>(text),
            (Some("Interval"), _) => invalid::<Interval>(text),
            (Some("Article"), _) => invalid::<Article>(text),
            (Some("SiteVersion"), _) => invalid::<SiteVersion>(text),
            (Some("SecretFile"), _) => invalid::<SecretFile>(text),
            (Some("WebUrl"), _) => invalid::<WebUrl>(text),
            (Some("MailAddress"), _) => invalid::<MailAddress>(text),
            (Some("CodeRepository"), _) => invalid::<CodeRepository>(text),
            (_, Some("uuid")) if Uuid::parse_str(text).is_err() => Some((
                "identifier of an update",
                "write 32 hexadecimal digits in groups of 8, 4, 4, 4 and 12",
            )),
            (_, Some("date-time")) if text.parse::<jiff::Timestamp>().is_err() => {
                Some(("time", "write it such as `2026-12-01T02:00:00Z`"))
            }
            _ => None,
        };
        if let Some((what, rule)) = invalid {
            self.wrong(path, format!("`{text}` is not a valid {what}"), rule);
        }
    }
}

fn invalid<T: FromStr<Err = InvalidText>>(text: &str) -> Option<(&'static str, &'static str)> {
    text.parse::<T>().err().map(|error| (error.what, error.rule))
}

/// The words of which one is to be written.
fn words(schema: &'static Json) -> Option<Vec<&'static str>> {
    if let Some(words) = schema["enum"].as_array() {
        return words.iter().map(Json::as_str).collect();
    }
    schema["oneOf"].as_array()?.iter().map(|choice| choice["const"].as_str()).collect()
}

fn shown(path: &FieldPath) -> String {
    if path.segments().is_empty() { "the document".to_owned() } else { format!("`{path}`") }
}
