//! Problems as JSON.

use std::borrow::Cow;

use serde::Serialize;

use super::{
    json_text::json_text,
    problems::{Summary, located},
};
use crate::{
    check::Problem,
    manifest::{Location, SourceMap},
    model::{ResourceId, without_secrets},
};

#[derive(Serialize)]
struct Report<'a> {
    diagnostics: Vec<Diagnostic<'a>>,
    summary: Summary,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Diagnostic<'a> {
    rule: &'static str,
    severity: &'static str,
    message: Cow<'a, str>,
    file: Option<String>,
    line: Option<usize>,
    column: Option<usize>,
    end_line: Option<usize>,
    end_column: Option<usize>,
    resource: Option<&'a ResourceId>,
    help: Option<Cow<'a, str>>,
    related: Vec<Related<'a>>,
}

#[derive(Serialize)]
struct Related<'a> {
    message: Cow<'a, str>,
    file: String,
    line: usize,
    column: usize,
}

/// The problems for programs: an object with `diagnostics` and `summary`, and a line end.
pub fn problems_json(problems: &[Problem], source_map: &SourceMap) -> String {
    let mut locator = source_map.locator();
    let diagnostics = located(problems, &mut locator)
        .into_iter()
        .map(|(problem, location)| {
            let location = location.as_ref();
            let related = problem.related.iter().filter_map(|(place, message)| {
                let Location { file, line, column, .. } = locator.locate(place)?;
                let message = without_secrets(message);
                Some(Related { message, file: file.to_string(), line, column })
            });
            Diagnostic {
                rule: problem.rule,
                severity: problem.severity.as_str(),
                message: without_secrets(&problem.message),
                file: location.map(|location| location.file.to_string()),
                line: location.map(|location| location.line),
                column: location.map(|location| location.column),
                // No place goes on on another line.
                end_line: location.map(|location| location.line),
                end_column: location.map(|location| end_column(location, source_map)),
                resource: problem.resource.as_ref(),
                help: problem.help.as_deref().map(without_secrets),
                related: related.collect(),
            }
        })
        .collect();
    let report = Report { diagnostics, summary: Summary::of(problems) };
    json_text(&report)
}

/// The column after the last character, from 1.
pub(super) fn end_column(location: &Location, source_map: &SourceMap) -> usize {
    let begin = location.bytes.start - location.line_bytes.start;
    let end = location.bytes.end - location.line_bytes.start;
    let meant = source_map.line_text(location).get(begin..end).unwrap_or_default();
    location.column + meant.chars().count()
}
