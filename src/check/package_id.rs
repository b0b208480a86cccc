//! DUPLICATE: a package ID belongs to one package.

use std::collections::BTreeMap;

use super::{
    DUPLICATE, Problem,
    documents::{Documents, Subject, in_order, place_of},
};
use crate::model::{FieldPath, Kind};

pub(super) fn check(documents: &Documents<'_>, problems: &mut Vec<Problem>) {
    let mut ids = BTreeMap::new();
    for (name, package) in in_order(&documents.declared.packages) {
        let id = &package.spec.package_id;
        let Some((first, first_package)) = ids.get(id) else {
            ids.insert(id, (name, package));
            continue;
        };
        let message = format!("package ID `{id}` belongs to package `{first}` already");
        problems.push(
            Subject::new(Kind::Package, name, package)
                .value(&DUPLICATE, FieldPath::new("spec.packageId"), message)
                .related(place_of(first_package, "spec.packageId"), "the first use of the ID")
                .help("give every package an ID of its own"),
        );
    }
}
