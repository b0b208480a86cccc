//! Problems: drawn with the source line underlined, and as JSON.

use annotate_snippets::{AnnotationKind, Group, Level, Origin, Renderer, Snippet};
use serde::Serialize;

use super::{counted, plain};
use crate::{
    check::{Problem, Severity},
    manifest::{Location, Locator, SourceMap},
    model::ResourceId,
};

/// A line that is longer than this is named but not drawn.
const LONGEST_LINE: usize = 500;

/// How many problems there are of each severity.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Summary {
    /// Errors.
    pub errors: usize,
    /// Warnings.
    pub warnings: usize,
    /// Informations.
    pub infos: usize,
}

impl Summary {
    /// Counts problems.
    pub fn of(problems: &[Problem]) -> Self {
        let mut summary = Self::default();
        for problem in problems {
            match problem.severity {
                Severity::Error => summary.errors += 1,
                Severity::Warning => summary.warnings += 1,
                Severity::Info => summary.infos += 1,
            }
        }
        summary
    }
}

#[derive(Serialize)]
struct Report<'a> {
    diagnostics: Vec<Diagnostic<'a>>,
    summary: Summary,
}

#[derive(Serialize)]
struct Diagnostic<'a> {
    rule: &'static str,
    severity: &'static str,
    message: &'a str,
    file: Option<String>,
    line: Option<usize>,
    column: Option<usize>,
    resource: Option<&'a ResourceId>,
    help: Option<&'a str>,
}

/// The problems in the order in which their places stand in the files.
fn located<'a>(
    problems: &'a [Problem],
    source_map: &SourceMap,
) -> Vec<(&'a Problem, Option<Location>)> {
    let mut locator = source_map.locator();
    let mut located: Vec<_> =
        problems.iter().map(|problem| (problem, locator.locate(&problem.place))).collect();
    located.sort_by_cached_key(|(problem, location)| {
        (problem.place.document, location.as_ref().map(|location| location.bytes.start))
    });
    located
}

/// The problems for programs: an object with `diagnostics` and `summary`, and a line end.
pub fn problems_json(problems: &[Problem], source_map: &SourceMap) -> String {
    let diagnostics = located(problems, source_map)
        .into_iter()
        .map(|(problem, location)| Diagnostic {
            rule: problem.rule,
            severity: problem.severity.as_str(),
            message: &problem.message,
            file: location.as_ref().map(|location| location.file.to_string()),
            line: location.as_ref().map(|location| location.line),
            column: location.as_ref().map(|location| location.column),
            resource: problem.resource.as_ref(),
            help: problem.help.as_deref(),
        })
        .collect();
    let report = Report { diagnostics, summary: Summary::of(problems) };
    // Texts and numbers: writing them cannot fail, and nothing would be shown if it did.
    serde_json::to_string_pretty(&report).unwrap_or_default() + "\n"
}

/// The problems for people, each with an empty line after it; with colours if wanted.
pub fn problems_text(problems: &[Problem], source_map: &SourceMap, coloured: bool) -> String {
    let renderer = if coloured { Renderer::styled() } else { Renderer::plain() };
    let mut related = source_map.locator();
    let mut text = String::new();
    for (problem, location) in located(problems, source_map) {
        text.push_str(&renderer.render(&[drawing(problem, location, source_map, &mut related)]));
        text.push_str("\n\n");
    }
    text
}

fn drawing<'a>(
    problem: &'a Problem,
    location: Option<Location>,
    source_map: &'a SourceMap,
    related: &mut Locator<'_>,
) -> Group<'a> {
    let level = match problem.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Info => Level::INFO,
    };
    let mut group =
        Group::with_title(level.primary_title(plain(&problem.message)).id(problem.rule));
    if let Some(location) = location {
        group = place(group, source_map, &location, AnnotationKind::Primary, None);
    }
    for (also, what) in &problem.related {
        if let Some(location) = related.locate(also) {
            group = place(group, source_map, &location, AnnotationKind::Context, Some(what));
        }
    }
    match &problem.help {
        Some(help) => group.element(Level::HELP.message(plain(help))),
        None => group,
    }
}

fn place<'a>(
    group: Group<'a>,
    source_map: &'a SourceMap,
    location: &Location,
    kind: AnnotationKind,
    label: Option<&'a str>,
) -> Group<'a> {
    let file = plain(&location.file).into_owned();
    let line = source_map.line_text(location);
    if line.len() > LONGEST_LINE {
        let origin = Origin::path(file).line(location.line).char_column(location.column);
        return group.element(origin);
    }
    let begin = location.line_bytes.start;
    let mut annotation = kind.span(location.bytes.start - begin..location.bytes.end - begin);
    if let Some(label) = label {
        annotation = annotation.label(plain(label));
    }
    group.element(Snippet::source(line).line_start(location.line).path(file).annotation(annotation))
}

/// What the problems come to, in one line: `2 errors, 1 warning`.
pub fn summary_line(summary: Summary) -> String {
    let counts =
        [(summary.errors, "error"), (summary.warnings, "warning"), (summary.infos, "note")];
    let parts: Vec<String> = counts
        .into_iter()
        .filter(|(number, _)| *number > 0)
        .map(|(number, word)| counted(number, word))
        .collect();
    if parts.is_empty() { "no problems".to_owned() } else { parts.join(", ") }
}
