//! What is wrong with an object beside those that are there: pure.

use std::{collections::BTreeSet, path::Path, sync::Arc};

use crate::{
    check::{Problem, Severity},
    operator::{
        objects::{Object, ObjectKey, Snapshot},
        wanted::{checked, words},
    },
};

/// What is said of an object that somebody applies.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Verdict {
    /// Why it is refused; nothing: it is not.
    pub(super) refusals: Vec<String>,
    /// What probably is not meant.
    pub(super) warnings: Vec<String>,
}

/// Whether another object may still mend it: it is about what is not there, and says what to declare.
fn may_be_mended(problem: &Problem) -> bool {
    problem.rule == "REFERENCE"
        || problem.help.as_ref().is_some_and(|it| it.starts_with("declare "))
}

/// Judges an object that is to be there beside the others of its namespace.
pub(super) fn judge(others: &Snapshot, candidate: Object, content: &Path) -> Verdict {
    let key = candidate.key.clone();
    let live = |it: &&Arc<Object>| !it.deleted;
    let before: Vec<Arc<Object>> = others.objects.values().filter(live).cloned().collect();
    let mut after: Vec<Arc<Object>> = before.iter().filter(|it| it.key != key).cloned().collect();
    after.push(Arc::new(candidate));
    let problems = checked(&after, content);
    let of = |problem: &Problem| Some(&after.get(problem.place.document.index())?.key);
    let concerns = |problem: &Problem| {
        let related = problem.related.iter();
        let mut related = related.filter_map(|(place, _)| after.get(place.document.index()));
        of(problem) == Some(&key) || related.any(|it| it.key == key)
    };
    let mut verdict = Verdict::default();
    let mut elsewhere = Vec::new();
    for problem in &problems {
        let refused = problem.severity == Severity::Error && !may_be_mended(problem);
        match (concerns(problem), refused) {
            (true, true) => verdict.refusals.push(said(of(problem), &key, problem)),
            (true, false) if problem.severity == Severity::Warning => {
                verdict.warnings.push(said(of(problem), &key, problem));
            }
            (false, true) => elsewhere.push(problem),
            _ => {}
        }
    }
    // What was wrong before is not its fault.
    if !elsewhere.is_empty() {
        let known: BTreeSet<String> = checked(&before, content)
            .iter()
            .filter_map(|it| {
                Some(said(Some(&before.get(it.place.document.index())?.key), &key, it))
            })
            .collect();
        let new = elsewhere.into_iter().map(|problem| said(of(problem), &key, problem));
        verdict.refusals.extend(new.filter(|it| !known.contains(it)));
    }
    verdict
}

/// A problem in words, with the object that it is about, if that is another one.
fn said(of: Option<&ObjectKey>, candidate: &ObjectKey, problem: &Problem) -> String {
    match of {
        Some(of) if of != candidate => format!("{of}: {}", words(problem)),
        _ => words(problem),
    }
}

#[cfg(test)]
mod tests {
    use std::{fs, path::PathBuf};

    use serde_json::Value;

    use super::*;
    use crate::model::Kind;

    fn objects(text: &str) -> Vec<Object> {
        let documents = serde_yaml::Deserializer::from_str(text);
        let values = documents.map(|it| <Value as serde::Deserialize>::deserialize(it).unwrap());
        let objects = values.map(|value| {
            let kind: Kind = serde_json::from_value(value["kind"].clone()).unwrap();
            Object::of(kind, serde_json::from_value(value).unwrap())
        });
        objects.collect()
    }

    fn example(name: &str) -> Vec<Object> {
        let mut found = Vec::new();
        let mut open = vec![PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("examples").join(name)];
        while let Some(path) = open.pop() {
            if path.is_dir() {
                open.extend(fs::read_dir(path).unwrap().map(|it| it.unwrap().path()));
            } else if path.extension().is_some_and(|it| it == "yaml") {
                found.extend(objects(&fs::read_to_string(path).unwrap()));
            }
        }
        found
    }

    fn with(snapshot: &Snapshot, object: &Object) -> Snapshot {
        let mut snapshot = snapshot.clone();
        snapshot.objects.insert(object.key.clone(), Arc::new(object.clone()));
        snapshot
    }

    /// Numbers that look random, and are the same each time.
    fn shuffled(mut objects: Vec<Object>, seed: u64) -> Vec<Object> {
        let mut state = seed.wrapping_mul(2).wrapping_add(1);
        for last in (1..objects.len()).rev() {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let place = usize::try_from(state >> 33).unwrap() % (last + 1);
            objects.swap(last, place);
        }
        objects
    }

    #[test]
    fn what_is_valid_in_the_end_is_refused_in_no_order() {
        let mut refused = BTreeSet::new();
        for name in ["contoso", "minimal", "remote", "windows"] {
            for seed in 0..40 {
                let mut there = Snapshot::default();
                for object in shuffled(example(name), seed) {
                    let verdict = judge(&there, object.clone(), Path::new("/content"));
                    for why in verdict.refusals {
                        refused.insert(format!("{name}: {}: {why}", object.key));
                    }
                    there = with(&there, &object);
                }
            }
        }
        assert!(refused.is_empty(), "{refused:#?}");
    }

    #[test]
    fn what_cannot_be_valid_beside_the_others_is_refused_with_the_rules_message() {
        let mut there = Snapshot::default();
        for object in example("minimal") {
            there = with(&there, &object);
        }
        let package = "apiVersion: headwater.dev/v1alpha1\nkind: Package\nmetadata: {name: second}\n\
                       spec: {packageId: ONE00001, source: {path: a}, distributeTo: \
                       {distributionPoints: [content]}}\n";
        let verdict = judge(&there, objects(package).remove(0), Path::new("/content"));
        assert!(verdict.refusals[0].starts_with("[DUPLICATE] spec.packageId: "), "{verdict:#?}");
        // Another object may still bring what is not there yet.
        let other = package.replace("ONE00001", "ONE00002").replace("[content]", "[later]");
        let verdict = judge(&there, objects(&other).remove(0), Path::new("/content"));
        assert_eq!(verdict.refusals, Vec::<String>::new());
    }

    #[test]
    fn what_was_wrong_before_is_nobodys_fault_and_what_breaks_others_is() {
        let mut there = Snapshot::default();
        for object in example("minimal") {
            there = with(&there, &object);
        }
        let ports = |http: u16| {
            format!(
                "apiVersion: headwater.dev/v1alpha1\nkind: PortSettings\nmetadata: {{name: content}}\n\
                 spec: {{webSite: Custom, http: {http}}}\n"
            )
        };
        // The update point of the same computer listens there.
        let clash = objects(&ports(8530)).remove(0);
        let verdict = judge(&there, clash.clone(), Path::new("/content"));
        assert!(verdict.refusals.iter().any(|it| it.contains("[PORT-3]")), "{verdict:#?}");
        let there = with(&there, &clash);
        let window = "apiVersion: headwater.dev/v1alpha1\nkind: MaintenanceWindow\nmetadata: \
                      {name: nights}\nspec: {schedule: \"0 22 * * *\", duration: 6h}\n";
        let verdict = judge(&there, objects(window).remove(0), Path::new("/content"));
        assert_eq!(verdict.refusals, Vec::<String>::new());
    }
}
