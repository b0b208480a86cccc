//! DUPLICATE: nothing is declared or listed twice.

use super::{
    Problem, Rule, Severity,
    declaration::Declaration,
    document::{Document, OfKind},
};
use crate::model::{FieldPath, Name};

/// Nothing is declared twice.
pub const DUPLICATE: Rule = Rule {
    id: "DUPLICATE",
    severity: Severity::Error,
    summary: "a kind and name are declared once, a key stands once in its mapping, a package ID \
              belongs to one package, and an update ID to one local update",
    why: "Of two declarations only one could be carried out, and which one would depend on the \
          order of files.",
    wrong: "\
kind: Package
metadata: {name: office}
spec: {packageId: CEN00001}
---
kind: Package
metadata: {name: office-for-lisbon}
spec: {packageId: CEN00001, source: {path: lisbon}, distributeTo: {groups: [amsterdam]}}
",
    right: "\
kind: Package
metadata: {name: office}
spec: {packageId: CEN00001}
---
kind: Package
metadata: {name: office-for-lisbon}
spec: {packageId: CEN00002, source: {path: lisbon}, distributeTo: {groups: [amsterdam]}}
",
};

pub(super) fn check(declaration: &Declaration<'_>, problems: &mut Vec<Problem>) {
    let ids = declaration.packages.iter().map(|package| &package.document.spec().package_id);
    for (first, again) in repeated(ids) {
        let (first, document) =
            (declaration.packages[first].document, declaration.packages[again].document);
        let id = &document.spec().package_id;
        let message = format!("package ID `{id}` belongs to package `{}` already", first.name);
        problems.push(
            document
                .value(&DUPLICATE, "spec.packageId", message)
                .related(first.place("spec.packageId"), "the first use of the ID")
                .help("give every package an ID of its own"),
        );
    }
    let updates: Vec<_> = declaration.local_updates.iter().collect();
    for (first, again) in repeated(updates.iter().map(|update| update.spec().update_id)) {
        let (first, document) = (updates[first], updates[again]);
        let id = document.spec().update_id;
        let message = format!("update ID {id} belongs to local update `{}` already", first.name);
        problems.push(
            document
                .value(&DUPLICATE, "spec.updateId", message)
                .related(first.place("spec.updateId"), "the first use of the ID")
                .help("give every update a GUID of its own"),
        );
    }
    for package in &declaration.packages {
        let document = package.document;
        let to = &document.spec().distribute_to;
        let points = "spec.distributeTo.distributionPoints";
        listed_twice(document, points, &to.distribution_points, problems);
        listed_twice(document, "spec.distributeTo.groups", &to.groups, problems);
    }
    for group in &declaration.groups {
        let document = group.document;
        listed_twice(document, "spec.members", &document.spec().members, problems);
    }
    for document in declaration.windows.iter() {
        listed_twice(document, "spec.sites", &document.spec().sites, problems);
    }
}

/// The positions of what stands in a list more than once: of the first one, and of another.
/// Sorting is quick for what is sorted already, as long lists often are.
fn repeated<T: Ord>(list: impl Iterator<Item = T>) -> Vec<(usize, usize)> {
    let mut sorted: Vec<(T, usize)> = list.zip(0..).collect();
    sorted.sort();
    let same = sorted.chunk_by(|(one, _), (other, _)| one == other);
    same.flat_map(|same| same[1..].iter().map(|(_, again)| (same[0].1, *again))).collect()
}

fn listed_twice<Spec: OfKind>(
    document: Document<'_, Spec>,
    path: &str,
    names: &[Name],
    problems: &mut Vec<Problem>,
) {
    for (first, again) in repeated(names.iter()) {
        let place = |index| FieldPath::new(path).index(index);
        problems.push(
            document
                .value(&DUPLICATE, place(again), format!("`{}` is listed twice", names[again]))
                .warning()
                .related(document.place(place(first)), "the first time")
                .help("remove it here"),
        );
    }
}
