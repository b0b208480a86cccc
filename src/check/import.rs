//! SYNC-7: points that are filled from a file.

use super::{
    Problem, Rule, Severity, declaration::Declaration, linked::UpdatePoint,
    top_level_settings::is_below,
};
use crate::model::SourceType;

pub(super) const RULE: Rule = Rule {
    id: "SYNC-7",
    severity: Severity::Error,
    summary: "a point whose source is `Import` names the file that `wsusutil export` made, and no \
              other one does",
    why: "The file travels by hand to where no server can be reached. It is imported when it is \
          another one than last time, so there is nothing that a schedule could start.",
    wrong: "\
kind: SoftwareUpdatePoint
metadata: {name: cen-active}
spec: {site: cen, role: Active, source: {type: Import}}
",
    right: "\
kind: SoftwareUpdatePoint
metadata: {name: cen-active}
spec: {site: cen, role: Active, source: {type: Import, file: export.cab}}
",
};

pub(super) fn check(declaration: &Declaration<'_>, problems: &mut Vec<Problem>) {
    for point in &declaration.update_points {
        problems.extend(file(point));
        // Below the top, SUP-8 objects to any schedule.
        if is_below(declaration, point) == Some(false) {
            problems.extend(schedule(point));
        }
    }
}

fn file(point: &UpdatePoint<'_>) -> Option<Problem> {
    let document = point.document;
    let source = document.spec().source.as_ref()?;
    let import = source.r#type == SourceType::Import;
    match &source.file {
        None if import => {
            let message = "source `Import` needs `file`: the file made by `wsusutil export`";
            let help = "add `file`, such as `file: export.cab`, relative to this manifest";
            Some(document.key(&RULE, "spec.source", message).help(help))
        }
        Some(file) if import && file.trim().is_empty() => {
            let help = "write the path of the file, relative to this manifest";
            Some(document.value(&RULE, "spec.source.file", "`file` is empty").help(help))
        }
        Some(_) if !import => {
            let message = format!("source `{:?}` has no `file`", source.r#type);
            Some(
                document
                    .key(&RULE, "spec.source.file", message)
                    .related(document.place("spec.source.type"), "the source")
                    .help("remove it, or write `type: Import`"),
            )
        }
        _ => None,
    }
}

fn schedule(point: &UpdatePoint<'_>) -> Option<Problem> {
    let document = point.document;
    let spec = document.spec();
    let source = spec.source.as_ref()?.r#type;
    spec.schedule.as_ref()?;
    if !matches!(source, SourceType::Import | SourceType::None) {
        return None;
    }
    let message = format!("`schedule` is not used with source `{source:?}`");
    Some(
        document
            .key(&RULE, "spec.schedule", message)
            .info()
            .related(document.place("spec.source.type"), "the source")
            .help(instead(source)),
    )
}

/// What to write where nothing is synchronized.
pub(super) fn instead(source: SourceType) -> &'static str {
    match source {
        SourceType::Import => "remove it: a file is imported as soon as it is another one",
        _ => "remove it, or write a source from which updates come",
    }
}
