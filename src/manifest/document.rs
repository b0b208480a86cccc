//! One document: from its text to the type of its kind, or to what is wrong with it.

use serde::{
    Deserialize, Serialize,
    de::{DeserializeOwned, Error as _, IgnoredAny},
};

use super::{
    identity::of_document,
    meant::{by_text, by_tree, meant_kind},
    plain,
    shape::mismatches,
    source_text::{LARGEST_DOCUMENT, MOST_PROBLEMS_OF_A_DOCUMENT},
    tree::{self, Node, SyntaxError, Value},
};
use crate::{
    check::{DUPLICATE, Meant, Place, PlaceKind, Problem, Rule, SCHEMA, SYNTAX},
    model::{
        API_VERSION, Digest, DistributionPointGroupSpec, DistributionPointSpec, DocumentId,
        FieldPath, Kind, LocalUpdateSpec, MaintenanceWindowSpec, Metadata, NotificationSpec,
        PackageSpec, PortSettingsSpec, SiteSpec, SiteSystemSpec, SoftwareUpdatePointSpec,
    },
};

/// A document that was read: the fields of its kind.
#[derive(Debug)]
pub(super) enum Spec {
    Site(Box<SiteSpec>),
    SiteSystem(Box<SiteSystemSpec>),
    PortSettings(Box<PortSettingsSpec>),
    SoftwareUpdatePoint(Box<SoftwareUpdatePointSpec>),
    DistributionPoint(Box<DistributionPointSpec>),
    DistributionPointGroup(Box<DistributionPointGroupSpec>),
    Package(Box<PackageSpec>),
    LocalUpdate(Box<LocalUpdateSpec>),
    Notification(Box<NotificationSpec>),
    MaintenanceWindow(Box<MaintenanceWindowSpec>),
}

/// A resource as it was read.
#[derive(Debug)]
pub(super) struct Read {
    pub(super) metadata: Metadata,
    pub(super) spec: Spec,
    /// Of what it declares, however it is written.
    pub(super) digest: Digest,
}

/// What a document says.
#[derive(Debug)]
pub(super) enum Outcome {
    /// Nothing is written.
    Nothing,
    Read(Read),
    /// It was read, and stands among what is declared; only its digest is left here.
    Declared(Digest),
    /// What is wrong, and what it was meant to be.
    Broken(Vec<Problem>, Meant),
}

impl Outcome {
    /// How many problems the document has.
    pub(super) fn problems(&self) -> usize {
        match self {
            Self::Broken(problems, _) => problems.len(),
            Self::Nothing | Self::Read(_) | Self::Declared(_) => 0,
        }
    }
}

/// The document that is being read: which number it has is only known when all are put together.
pub(super) const ITSELF: DocumentId = DocumentId(0);

/// Documents larger than this, the usual size a hundred times over, are measured before anything
/// is built of them.
const USUAL: usize = 64 << 10;
/// And so are those with more brackets: the parser of the types takes quadratic time when they are
/// nested, and has no bound of its own.
const USUAL_BRACKETS: usize = 1_000;

/// Reads a document. Its problems are in [`ITSELF`].
pub(super) fn read(text: &str) -> Outcome {
    // The usual case: a kind on a line of its own, and so is everything else.
    let kind = hinted_kind(text).filter(|_| text.len() <= LARGEST_DOCUMENT);
    if let Some(kind) = kind
        && let Ok(read) = typed(kind, text, Way::Plain)
    {
        return Outcome::Read(read);
    }
    // The next one: nothing that the types cannot see, and none of that on which the parsers differ.
    if let Some(kind) = kind
        && text.len() <= USUAL
        && text.bytes().filter(|byte| matches!(byte, b'[' | b'{')).count() <= USUAL_BRACKETS
        && !text.contains('\t')
        && tree::doubtful_letter(text).is_none()
        && text.lines().all(ends_what_it_begins)
        && !may_refer(text)
        && let Ok(read) = typed(kind, text, Way::Whole)
    {
        return Outcome::Read(read);
    }
    read_carefully(text)
}

/// Whether no quotes or brackets of a line are still open at its end: how far what goes on there has
/// to be indented is another matter on which the parsers differ.
fn ends_what_it_begins(line: &str) -> bool {
    let line = line.trim_start();
    if line.starts_with('#') {
        return true;
    }
    let (mut double, mut single, mut open) = (0_u32, 0_u32, 0_i32);
    for byte in line.bytes() {
        match byte {
            b'"' => double += 1,
            b'\'' => single += 1,
            b'[' | b'{' => open += 1,
            b']' | b'}' => open -= 1,
            _ => {}
        }
    }
    double.is_multiple_of(2) && single.is_multiple_of(2) && open == 0
}

/// Whether there may be anchors, aliases or tags, which the types would follow silently. They begin
/// a value, so they never stand right behind a letter (`R&D`); and in a comment on a line of its
/// own they are none, unless a quote there ends a text that only looks like a comment.
fn may_refer(text: &str) -> bool {
    let refers = |byte: &u8| matches!(byte, b'&' | b'*' | b'!');
    if text.as_bytes().iter().filter(|byte| refers(byte)).count() == 0 {
        return false;
    }
    text.lines().any(|line| {
        let comment = line.trim_start().starts_with('#') && !line.contains(['"', '\'']);
        let begins = |(at, byte): (usize, &u8)| {
            let before = at.checked_sub(1).and_then(|before| line.as_bytes().get(before));
            refers(byte) && !before.is_some_and(u8::is_ascii_alphanumeric)
        };
        !comment && line.as_bytes().iter().enumerate().any(begins)
    })
}

fn read_carefully(text: &str) -> Outcome {
    if text.len() > LARGEST_DOCUMENT {
        let what = "the document is larger than 1 MiB, the most that a cluster would take";
        let error = SyntaxError { at: 0, what: what.into(), help: Some("divide it") };
        return unreadable(syntax(error), by_text(text));
    }
    let root = match tree::parse(text) {
        Ok(root) if root.is_null() => return Outcome::Nothing,
        Ok(root) => root,
        Err(error) => return unreadable(syntax(error), by_text(text)),
    };
    let mut problems: Vec<Problem> =
        root.repeated_keys().into_iter().take(MOST_PROBLEMS_OF_A_DOCUMENT).map(repeated).collect();
    let (kind, mut wrong) = header(&root);
    problems.append(&mut wrong);
    let meant = by_tree(&root);
    // What refers to it is not to be blamed for a kind that is spelled wrongly.
    let Some(kind) = kind else { return Outcome::Broken(problems, meant) };
    match typed(kind, text, Way::Whole) {
        Ok(read) if problems.is_empty() => return Outcome::Read(read),
        Ok(_) => {}
        Err(error) => {
            // The two parsers do not agree on everything (tabs, for one): what either of them
            // refuses is no YAML to us.
            if let Err(error) = serde_yaml::from_str::<IgnoredAny>(text) {
                return unreadable(refused(&SYNTAX, &error), meant);
            }
            problems.extend(mismatches(&root, kind, ITSELF));
            if problems.is_empty() {
                problems.push(refused(&SCHEMA, &error));
            }
        }
    }
    problems.truncate(MOST_PROBLEMS_OF_A_DOCUMENT);
    for problem in &mut problems {
        problem.resource = meant.resource();
    }
    Outcome::Broken(problems, meant)
}

/// A document of which nothing can be said but that it is not YAML.
fn unreadable(mut problem: Problem, meant: Meant) -> Outcome {
    problem.resource = meant.resource();
    Outcome::Broken(vec![problem], meant)
}

/// Where a parser notices something, it has often been wrong for a while.
const CHECK_ABOVE: &str = "check the indentation, quotes and brackets here and above";

fn syntax(error: SyntaxError) -> Problem {
    let on = PlaceKind::Byte(error.at);
    let place = Place { document: ITSELF, path: FieldPath::default(), on };
    SYNTAX.problem(None, place, error.what).help(error.help.unwrap_or(CHECK_ABOVE))
}

fn repeated(path: FieldPath) -> Problem {
    let message = format!("key `{path}` stands here for the second time");
    let first = Place::key(ITSELF, path.clone());
    let place = Place { document: ITSELF, path, on: PlaceKind::RepeatedKey };
    DUPLICATE
        .problem(None, place, message)
        .related(first, "the first time")
        .help("keep one of them")
}

/// `apiVersion` and `kind`, which decide what everything else means.
fn header(root: &Node) -> (Option<Kind>, Vec<Problem>) {
    let mut problems = Vec::new();
    if !matches!(root.value, Value::Mapping(_)) {
        let place = Place::value(ITSELF, FieldPath::default());
        let message = "the document is not a mapping with `apiVersion`, `kind`, `metadata`, `spec`";
        let help = format!("write `apiVersion: {API_VERSION}`, `kind: Site` and so on");
        problems.push(SCHEMA.problem(None, place, message).help(help));
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
                (Place::value(ITSELF, path), message)
            }
            Some(None) => (Place::key(ITSELF, path), format!("`{key}` is not a text")),
            None => (Place::key(ITSELF, FieldPath::default()), format!("`{key}` is missing")),
        };
        problems.push(SCHEMA.problem(None, place, message).help(help));
        None
    };
    field("apiVersion", format!("write `apiVersion: {API_VERSION}`"), &|text| text == API_VERSION);
    let kinds = Kind::ALL.map(Kind::as_str);
    let help = match root.get("kind").and_then(Node::text).and_then(meant_kind) {
        Some(kind) => format!("did you mean `{kind}`?"),
        None => format!("write one of `{}`", kinds.join("`, `")),
    };
    let written = field("kind", help, &|text| kinds.contains(&text));
    (Kind::ALL.into_iter().find(|kind| Some(kind.as_str()) == written.as_deref()), problems)
}

/// What the types refuse although the shape is right: a time that is none, say.
fn refused(rule: &Rule, error: &serde_yaml::Error) -> Problem {
    let message = without_positions(&error.to_string());
    let at = error.location().map_or(0, |location| location.index());
    let place = Place { document: ITSELF, path: FieldPath::default(), on: PlaceKind::Byte(at) };
    rule.problem(None, place, message).help(CHECK_ABOVE)
}

/// A message of the parser without its positions: they count from the beginning of the document,
/// and the place tells where that is.
fn without_positions(message: &str) -> String {
    let mut parts = message.split(" at line ");
    let mut text = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let rest = part.trim_start_matches(|digit: char| digit.is_ascii_digit());
        match rest.strip_prefix(" column ").filter(|_| rest.len() < part.len()) {
            Some(rest) => text.push_str(rest.trim_start_matches(|it: char| it.is_ascii_digit())),
            None => text.extend([" at line ", part]),
        }
    }
    text
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

/// Which parser reads a document.
#[derive(Clone, Copy)]
enum Way {
    /// The one of plain documents.
    Plain,
    /// The one of all of YAML.
    Whole,
}

fn typed(kind: Kind, text: &str, way: Way) -> Result<Read, serde_yaml::Error> {
    match kind {
        Kind::Site => of_kind(kind, text, way, Spec::Site),
        Kind::SiteSystem => of_kind(kind, text, way, Spec::SiteSystem),
        Kind::PortSettings => of_kind(kind, text, way, Spec::PortSettings),
        Kind::SoftwareUpdatePoint => of_kind(kind, text, way, Spec::SoftwareUpdatePoint),
        Kind::DistributionPoint => of_kind(kind, text, way, Spec::DistributionPoint),
        Kind::DistributionPointGroup => of_kind(kind, text, way, Spec::DistributionPointGroup),
        Kind::Package => of_kind(kind, text, way, Spec::Package),
        Kind::LocalUpdate => of_kind(kind, text, way, Spec::LocalUpdate),
        Kind::Notification => of_kind(kind, text, way, Spec::Notification),
        Kind::MaintenanceWindow => of_kind(kind, text, way, Spec::MaintenanceWindow),
    }
}

fn of_kind<S: DeserializeOwned + Serialize>(
    kind: Kind,
    text: &str,
    way: Way,
    boxed: impl FnOnce(Box<S>) -> Spec,
) -> Result<Read, serde_yaml::Error> {
    let document: Document<S> = match way {
        Way::Plain => plain::from_str(text).map_err(serde_yaml::Error::custom)?,
        Way::Whole => serde_yaml::from_str(text)?,
    };
    let Document { api_version: ApiVersion::V1Alpha1, kind: written, metadata, spec } = document;
    if written != kind {
        return Err(serde_yaml::Error::custom(format!("the kind is {written}")));
    }
    let digest = of_document(kind, &metadata, &spec);
    Ok(Read { metadata, spec: boxed(Box::new(spec)), digest })
}

/// The kind as the usual way of writing has it: on a line of its own. Only a hint, which saves
/// reading the document twice; what is read says so again.
fn hinted_kind(text: &str) -> Option<Kind> {
    let written = text.lines().find_map(|line| line.strip_prefix("kind:"))?;
    let written = written.split('#').next()?.trim().trim_matches('"');
    Kind::ALL.into_iter().find(|kind| kind.as_str() == written)
}
