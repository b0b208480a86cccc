//! SCHEMA: the annotations that Headwater reads.

use super::{
    Problem, SCHEMA, closest,
    declaration::Declaration,
    document::{Document, OfKind},
};
use crate::model::{CONTENT, DELETION_POLICY, FieldPath, PRUNE, SUSPEND, SYNC_REQUESTED_AT};

/// What every annotation of Headwater begins with; others belong to others.
const PREFIX: &str = "headwater.dev/";

pub(super) fn check(declaration: &Declaration<'_>, problems: &mut Vec<Problem>) {
    macro_rules! every {
        ($($list:ident),*) => {$(
            for it in &declaration.$list {
                annotations(it.document, problems);
            }
        )*};
    }
    every!(sites, site_systems, update_points, distribution_points, groups, packages);
    for document in declaration.port_settings.iter() {
        annotations(document, problems);
    }
    for document in declaration.windows.iter() {
        annotations(document, problems);
    }
}

fn annotations<Spec: OfKind>(document: Document<'_, Spec>, problems: &mut Vec<Problem>) {
    for (key, value) in &document.resource.metadata.annotations {
        let Some(short) = key.strip_prefix(PREFIX) else { continue };
        let path = FieldPath::new("metadata.annotations").literal_key(key);
        let wrong = |help: &str| {
            let message = format!("annotation `{key}` cannot be `{value}`");
            document.value(&SCHEMA, path.clone(), message).help(help)
        };
        match key.as_str() {
            SUSPEND if value != "true" && value != "false" => {
                problems.push(wrong("write `\"true\"` or `\"false\"`, in quotes"));
            }
            PRUNE if value != "disabled" && value != "enabled" => {
                problems.push(wrong("write `disabled` or `enabled`"));
            }
            DELETION_POLICY if value != "Delete" && value != "Orphan" => {
                problems.push(wrong("write `Delete` or `Orphan`"));
            }
            SUSPEND | PRUNE | SYNC_REQUESTED_AT | DELETION_POLICY => {}
            // It would pin what a package holds, against what its directory holds.
            CONTENT => {
                let message = format!("annotation `{key}` is not for manifests");
                let help = "remove it: only a way back (`headwater apply --undo`) has it";
                problems.push(document.key(&SCHEMA, path, message).help(help));
            }
            _ => {
                let known = [SUSPEND, PRUNE, SYNC_REQUESTED_AT, DELETION_POLICY];
                let similar =
                    closest(short, known.iter().filter_map(|known| known.strip_prefix(PREFIX)));
                let message = format!("annotation `{key}` is not known");
                let problem = document.key(&SCHEMA, path, message).warning();
                problems.push(match similar {
                    Some(similar) => problem.help(format!("did you mean `{PREFIX}{similar}`?")),
                    None => problem.help(format!("write one of `{}`", known.join("`, `"))),
                });
            }
        }
    }
}
