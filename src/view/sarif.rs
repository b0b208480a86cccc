//! Problems as SARIF 2.1.0, for code scanning in pull requests.

use std::{borrow::Cow, collections::BTreeMap, path::Path};

use serde_json::{Value, json};

use super::{
    plain::add,
    problems::located,
    problems_json::end_column,
    rules::{examples_markdown, examples_text},
};
use crate::{
    check::{PlaceKind, Problem, RULES, Rule, Severity},
    manifest::{Location, SourceMap},
    model::{Digest, without_secrets},
};

/// The problems as a SARIF log, and a line end. Files are named relative to `base`, an absolute
/// directory, where they are below it; code scanning takes that for the root of the repository.
pub fn problems_sarif(problems: &[Problem], source_map: &SourceMap, base: Option<&Path>) -> String {
    let mut locator = source_map.locator();
    let mut fingerprints = Fingerprints::default();
    let results: Vec<Value> = located(problems, &mut locator)
        .into_iter()
        .map(|(problem, location)| {
            let at = |location: &Location| physical(location, source_map, base);
            let locations: Vec<Value> =
                location.iter().map(|it| json!({"physicalLocation": at(it)})).collect();
            let mut related = Vec::new();
            for (place, message) in &problem.related {
                if let Some(location) = locator.locate(place) {
                    related.push(json!({
                        "id": related.len(),
                        "physicalLocation": at(&location),
                        "message": {"text": without_secrets(message)},
                    }));
                }
            }
            let mut result = json!({
                "ruleId": problem.rule,
                "ruleIndex": RULES.iter().position(|rule| rule.id == problem.rule),
                "level": level(problem.severity),
                "message": {"text": text(problem)},
                "locations": locations,
                "relatedLocations": related,
                "partialFingerprints": {
                    "headwaterProblem/v1": fingerprints.of(problem, location.as_ref(), base),
                },
            });
            if let Some(resource) = &problem.resource {
                result["properties"] = json!({"resource": resource});
            }
            result
        })
        .collect();
    let log = json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {
                "name": "headwater",
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "rules": RULES.iter().map(|it| rule(it)).collect::<Vec<_>>(),
            }},
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    });
    format!("{log:#}\n")
}

fn rule(rule: &Rule) -> Value {
    json!({
        "id": rule.id,
        "shortDescription": {"text": rule.summary},
        "fullDescription": {"text": rule.why},
        "help": {"text": examples_text(rule), "markdown": examples_markdown(rule)},
        "defaultConfiguration": {"level": level(rule.severity)},
    })
}

const fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Info => "note",
    }
}

fn text(problem: &Problem) -> String {
    let text = match &problem.help {
        Some(help) => Cow::Owned(format!("{}\nhelp: {help}", problem.message)),
        None => Cow::Borrowed(&*problem.message),
    };
    without_secrets(&text).into_owned()
}

fn physical(location: &Location, source_map: &SourceMap, base: Option<&Path>) -> Value {
    json!({
        "artifactLocation": {"uri": uri(&location.file, base)},
        "region": {
            "startLine": location.line,
            "startColumn": location.column,
            "endLine": location.line,
            "endColumn": end_column(location, source_map),
        },
    })
}

/// The name of a file as a URI reference: relative where it is below `base`.
fn uri(file: &str, base: Option<&Path>) -> String {
    let path = Path::new(file);
    if let Some(Ok(below)) = base.map(|base| path.strip_prefix(base)) {
        return encoded(&below.to_string_lossy());
    }
    if path.is_absolute() {
        return format!("file://{}", encoded(file));
    }
    let mut below = file;
    while let Some(rest) = below.strip_prefix("./") {
        below = rest.trim_start_matches('/');
    }
    encoded(below)
}

/// Everything but what stands for itself in the path of a URI is written in percents.
fn encoded(path: &str) -> String {
    let mut text = String::with_capacity(path.len());
    for byte in path.bytes() {
        match byte {
            b'\\' if cfg!(windows) => text.push('/'),
            b'/' | b'-' | b'.' | b'_' | b'~' => text.push(char::from(byte)),
            byte if byte.is_ascii_alphanumeric() => text.push(char::from(byte)),
            byte => add(&mut text, format_args!("%{byte:02X}")),
        }
    }
    text
}

/// What stays the same of a problem when lines move: rule, resource and field, and the number of
/// the problem among those that have the same.
#[derive(Default)]
struct Fingerprints(BTreeMap<String, usize>);

impl Fingerprints {
    fn of(
        &mut self,
        problem: &Problem,
        location: Option<&Location>,
        base: Option<&Path>,
    ) -> String {
        // Without a resource, or where no field is known, the file stands for it.
        let byte = matches!(problem.place.on, PlaceKind::Byte(_));
        let whose = match &problem.resource {
            Some(resource) if !byte => resource.to_string(),
            _ => location.map(|it| uri(&it.file, base)).unwrap_or_default(),
        };
        let text = format!("{}\n{whose}\n{}", problem.rule, problem.place.path);
        let number = self.0.entry(text.clone()).or_default();
        *number += 1;
        Digest::of(format!("{text}\n{number}").as_bytes()).to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_named_relative_to_the_base() {
        let base = Path::new("/repository");
        for (file, expected) in [
            ("examples/a.yaml", "examples/a.yaml"),
            ("./b/1.yaml", "b/1.yaml"),
            (".//b.yaml", "b.yaml"),
            ("../c.yaml", "../c.yaml"),
            ("/repository/sites/d.yaml", "sites/d.yaml"),
            ("/elsewhere/e.yaml", "file:///elsewhere/e.yaml"),
            ("<stdin>", "%3Cstdin%3E"),
            ("Zürich 100%.yaml", "Z%C3%BCrich%20100%25.yaml"),
        ] {
            assert_eq!(uri(file, Some(base)), expected, "{file}");
        }
    }
}
