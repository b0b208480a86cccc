//! One document: from its text to the type of its kind, or to what is wrong with it.

use serde::{
    Deserialize,
    de::{DeserializeOwned, IgnoredAny},
};

use super::{
    shape::mismatches,
    source_text::{LARGEST_DOCUMENT, MOST_PROBLEMS_OF_A_DOCUMENT},
    tree::{self, Node, SyntaxError, Value},
};
use crate::{
    check::{DUPLICATE, Place, PlaceKind, Problem, Rule, SCHEMA, SYNTAX, closest},
    model::{
        API_VERSION, DistributionPointGroupSpec, DistributionPointSpec, DocumentId, FieldPath,
        Kind, Metadata, PackageSpec, PortSettingsSpec, ResourceId, SiteSpec, SiteSystemSpec,
        SoftwareUpdatePointSpec,
    },
};

/// A document that was read: the fields of its kind.
pub(super) enum Spec {
    Site(Box<SiteSpec>),
    SiteSystem(Box<SiteSystemSpec>),
    PortSettings(PortSettingsSpec),
    SoftwareUpdatePoint(Box<SoftwareUpdatePointSpec>),
    DistributionPoint(Box<DistributionPointSpec>),
    DistributionPointGroup(DistributionPointGroupSpec),
    Package(Box<PackageSpec>),
}

pub(super) enum Outcome {
    /// Nothing is written.
    Nothing,
    Read(Metadata, Spec),
    /// What is wrong, and which resource it was meant to be, as far as that can be told.
    Broken(Vec<Problem>, Option<ResourceId>),
}

/// Documents larger than this, the usual size a hundred times over, are measured before anything
/// is built of them.
const USUAL: usize = 64 << 10;
/// And so are those with more brackets: the parser of the types takes quadratic time when they are
/// nested, and has no bound of its own.
const USUAL_BRACKETS: usize = 1_000;

/// Reads a document.
pub(super) fn read(text: &str, document: DocumentId) -> Outcome {
    // The usual case: a kind on a line of its own, and nothing that the types cannot see.
    if let Some(kind) = hinted_kind(text)
        && text.len() <= USUAL
        && !text.contains(['&', '*', '!'])
        && text.matches(['[', '{']).count() <= USUAL_BRACKETS
        && let Ok((metadata, spec)) = typed(kind, text)
        && metadata.labels.is_empty()
        && metadata.annotations.is_empty()
    {
        return Outcome::Read(metadata, spec);
    }
    read_carefully(text, document)
}

fn read_carefully(text: &str, document: DocumentId) -> Outcome {
    if text.len() > LARGEST_DOCUMENT {
        let what = "the document is larger than 1 MiB, the most that a cluster would take";
        let error = SyntaxError { at: 0, what: what.into(), help: Some("divide it") };
        return unreadable(syntax(document, error), hinted_resource(text));
    }
    let root = match tree::parse(text) {
        Ok(root) if root.is_null() => return Outcome::Nothing,
        Ok(root) => root,
        Err(error) => {
            return unreadable(syntax(document, error), hinted_resource(text));
        }
    };
    let mut problems: Vec<Problem> = root
        .repeated_keys()
        .into_iter()
        .take(MOST_PROBLEMS_OF_A_DOCUMENT)
        .map(|path| repeated(document, path))
        .collect();
    let (kind, mut wrong) = header(&root, document);
    problems.append(&mut wrong);
    let Some(kind) = kind else { return Outcome::Broken(problems, None) };
    let resource = root
        .get("metadata")
        .and_then(|metadata| metadata.get("name"))
        .and_then(|name| name.text()?.parse().ok())
        .map(|name| ResourceId { kind, name });
    match typed(kind, text) {
        Ok((metadata, spec)) if problems.is_empty() => return Outcome::Read(metadata, spec),
        Ok(_) => {}
        Err(error) => {
            // The two parsers do not agree on everything (tabs, for one): what either of them
            // refuses is no YAML to us.
            if let Err(error) = serde_yaml::from_str::<IgnoredAny>(text) {
                return unreadable(refused(&SYNTAX, &error, document), resource);
            }
            problems.extend(mismatches(&root, kind, document));
            if problems.is_empty() {
                problems.push(refused(&SCHEMA, &error, document));
            }
        }
    }
    problems.truncate(MOST_PROBLEMS_OF_A_DOCUMENT);
    for problem in &mut problems {
        problem.resource.clone_from(&resource);
    }
    Outcome::Broken(problems, resource)
}

/// A document of which nothing can be said but that it is not YAML.
fn unreadable(mut problem: Problem, resource: Option<ResourceId>) -> Outcome {
    problem.resource.clone_from(&resource);
    Outcome::Broken(vec![problem], resource)
}

fn syntax(document: DocumentId, error: SyntaxError) -> Problem {
    let place = Place { document, path: FieldPath::default(), on: PlaceKind::Byte(error.at) };
    let problem = SYNTAX.problem(None, place, error.what);
    match error.help {
        Some(help) => problem.help(help),
        None => problem,
    }
}

fn repeated(document: DocumentId, path: FieldPath) -> Problem {
    let message = format!("key `{path}` stands here for the second time");
    let first = Place::key(document, path.clone());
    let place = Place { document, path, on: PlaceKind::RepeatedKey };
    DUPLICATE
        .problem(None, place, message)
        .related(first, "the first time")
        .help("keep one of them")
}

/// `apiVersion` and `kind`, which decide what everything else means.
fn header(root: &Node, document: DocumentId) -> (Option<Kind>, Vec<Problem>) {
    let mut problems = Vec::new();
    if !matches!(root.value, Value::Mapping(_)) {
        let place = Place::value(document, FieldPath::default());
        let message = "the document is not a mapping with `apiVersion`, `kind`, `metadata`, `spec`";
        problems.push(SCHEMA.problem(None, place, message));
        return (None, problems);
    }
    let mut field = |key: &str, help: String, accepts: &dyn Fn(&str) -> bool| {
        let path = FieldPath::new(key);
        let (place, message) = match root.get(key).map(Node::text) {
            Some(Some(text)) if accepts(text) => return Some(text.to_owned()),
            Some(Some(text)) => {
                let message = format!(
                    "`{text}` is not {}",
                    match key {
                        "kind" => "a kind of Headwater",
                        _ => "an API version of Headwater",
                    }
                );
                (Place::value(document, path), message)
            }
            Some(None) => (Place::key(document, path), format!("`{key}` is not a text")),
            None => (Place::key(document, FieldPath::default()), format!("`{key}` is missing")),
        };
        problems.push(SCHEMA.problem(None, place, message).help(help));
        None
    };
    field("apiVersion", format!("write `apiVersion: {API_VERSION}`"), &|text| text == API_VERSION);
    let kinds = Kind::ALL.map(Kind::as_str);
    let meant = root.get("kind").and_then(Node::text).and_then(|text| closest(text, kinds));
    let help = match meant {
        Some(kind) => format!("did you mean `{kind}`?"),
        None => format!("kinds are `{}`", kinds.join("`, `")),
    };
    let written = field("kind", help, &|text| kinds.contains(&text));
    (Kind::ALL.into_iter().find(|kind| Some(kind.as_str()) == written.as_deref()), problems)
}

/// What the types refuse although the shape is right: a time that is none, say.
fn refused(rule: &Rule, error: &serde_yaml::Error, document: DocumentId) -> Problem {
    let location = error.location();
    let mut message = error.to_string();
    if let Some(location) = &location {
        // The position is told by the place.
        let position = format!(" at line {} column {}", location.line(), location.column());
        message = message.replace(&position, "");
    }
    let at = location.map_or(0, |location| location.index());
    let place = Place { document, path: FieldPath::default(), on: PlaceKind::Byte(at) };
    rule.problem(None, place, message)
}

#[derive(Deserialize)]
enum ApiVersion {
    #[serde(rename = "headwater.dev/v1alpha1")]
    V1Alpha1,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Document<Spec> {
    api_version: ApiVersion,
    kind: Kind,
    metadata: Metadata,
    spec: Spec,
}

fn typed(kind: Kind, text: &str) -> Result<(Metadata, Spec), serde_yaml::Error> {
    Ok(match kind {
        Kind::Site => boxed(kind, text, Spec::Site)?,
        Kind::SiteSystem => boxed(kind, text, Spec::SiteSystem)?,
        Kind::PortSettings => boxed(kind, text, |spec| Spec::PortSettings(*spec))?,
        Kind::SoftwareUpdatePoint => boxed(kind, text, Spec::SoftwareUpdatePoint)?,
        Kind::DistributionPoint => boxed(kind, text, Spec::DistributionPoint)?,
        Kind::DistributionPointGroup => {
            boxed(kind, text, |spec| Spec::DistributionPointGroup(*spec))?
        }
        Kind::Package => boxed(kind, text, Spec::Package)?,
    })
}

fn boxed<S: DeserializeOwned>(
    kind: Kind,
    text: &str,
    spec: impl FnOnce(Box<S>) -> Spec,
) -> Result<(Metadata, Spec), serde_yaml::Error> {
    let document: Document<S> = serde_yaml::from_str(text)?;
    let ApiVersion::V1Alpha1 = document.api_version;
    if document.kind != kind {
        return Err(serde::de::Error::custom(format!("the kind is {}", document.kind)));
    }
    Ok((document.metadata, spec(Box::new(document.spec))))
}

/// The kind as the usual way of writing has it: on a line of its own. Only a hint, which saves
/// reading the document twice; what is read says so again.
fn hinted_kind(text: &str) -> Option<Kind> {
    let written = text.lines().find_map(|line| line.strip_prefix("kind:"))?;
    let written = written.split('#').next()?.trim();
    Kind::ALL.into_iter().find(|kind| kind.as_str() == written)
}

/// The resource that a document which cannot be read was meant to be.
fn hinted_resource(text: &str) -> Option<ResourceId> {
    let kind = hinted_kind(text)?;
    let mut lines = text.lines().skip_while(|line| !line.starts_with("metadata:")).skip(1);
    let name = lines.find_map(|line| line.trim_start().strip_prefix("name:"))?.trim();
    Some(ResourceId { kind, name: name.parse().ok()? })
}
