//! Tells of every change of a plan where the manifests say what is wanted.

use crate::{
    manifest::{Origins, SourceMap, WantedValue},
    model::{Declared, Hierarchy, Kind, Name},
    plan::{Action, Plan},
};

/// Fills in where the manifests say what is wanted, change by change. The positions are those of the
/// texts from which the plan's hierarchy was read.
pub fn locate(plan: &mut Plan, declared: &Declared, source_map: &SourceMap, hierarchy: &Hierarchy) {
    let fields: Vec<(&Action, usize, Option<Name>, &str)> = plan
        .actions
        .iter()
        .flat_map(|action| {
            action.diff.iter().enumerate().map(move |(number, change)| {
                let (point, path) = field(action, &change.path);
                (action, number, point, path)
            })
        })
        .collect();
    let wanted: Vec<WantedValue<'_>> = fields
        .iter()
        .map(|(action, number, point, path)| {
            let change = &action.diff[*number];
            let (before, after) = (&change.before, &change.after);
            WantedValue { resource: &action.resource, point: point.as_ref(), path, before, after }
        })
        .collect();
    let written = Origins::new(declared, source_map, hierarchy).written(&wanted);
    let changes = plan.actions.iter_mut().flat_map(|action| &mut action.diff);
    for (change, written) in changes.zip(written) {
        change.written = written;
    }
}

/// The field that a change is about. Of a package, the path begins with the library that it is in:
/// that of a distribution point, or without targets, that of the site server.
fn field<'a>(action: &Action, path: &'a str) -> (Option<Name>, &'a str) {
    match path.split_once('.') {
        Some((library, field)) if action.resource.kind == Kind::Package => {
            let point = action.targets.iter().find(|target| target.as_str() == library);
            (point.cloned(), field)
        }
        _ => (None, path),
    }
}
