//! Problems, drawn with the source line underlined.

use annotate_snippets::{AnnotationKind, Group, Level, Origin, Renderer, Snippet};
use serde::Serialize;

use super::{counted, plain};
use crate::{
    check::{Problem, Severity},
    manifest::{Location, Locator, SourceMap},
    model::with_secrets_masked,
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

/// The problems in the order in which their places stand in the files.
pub(super) fn located<'a>(
    problems: &'a [Problem],
    locator: &mut Locator<'_>,
) -> Vec<(&'a Problem, Option<Location>)> {
    let mut located: Vec<_> =
        problems.iter().map(|problem| (problem, locator.locate(&problem.place))).collect();
    located.sort_by_cached_key(|(problem, location)| {
        (problem.place.document, location.as_ref().map(|location| location.bytes.start))
    });
    located
}

/// The problems for people, each with an empty line after it; with colours if wanted.
pub fn problems_text(problems: &[Problem], source_map: &SourceMap, coloured: bool) -> String {
    let renderer = if coloured { Renderer::styled() } else { Renderer::plain() };
    let mut locator = source_map.locator();
    let mut text = String::new();
    for (problem, location) in located(problems, &mut locator) {
        text.push_str(&renderer.render(&[drawing(problem, location, source_map, &mut locator)]));
        text.push_str("\n\n");
    }
    text
}

fn drawing<'a>(
    problem: &'a Problem,
    location: Option<Location>,
    source_map: &'a SourceMap,
    locator: &mut Locator<'_>,
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
        if let Some(location) = locator.locate(also) {
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
    let shown = with_secrets_masked(line);
    // The same letters in another number of bytes, where a secret is not all ASCII.
    let moved = |at: usize| {
        let letters = line.get(..at - begin).map_or(0, |before| before.chars().count());
        shown.char_indices().nth(letters).map_or(shown.len(), |(at, _)| at)
    };
    let mut annotation = kind.span(moved(location.bytes.start)..moved(location.bytes.end));
    if let Some(label) = label {
        annotation = annotation.label(plain(label));
    }
    group
        .element(Snippet::source(shown).line_start(location.line).path(file).annotation(annotation))
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
