//! Prestaged content that was written or taken in.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{
    json_text::json_text,
    plain::{add, counted, plain},
};
use crate::model::{Name, PackageId, PackageState};

/// A file of prestaged content, and where its packages came from or went to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Carried {
    /// The file.
    pub file: String,
    /// Its size.
    pub bytes: u64,
    /// The site system.
    pub site_system: Name,
    /// Its packages, as they are there.
    pub packages: BTreeMap<PackageId, PackageState>,
}

/// What was written.
pub fn exported_text(carried: &Carried) -> String {
    let mut text = packages(carried);
    let Carried { file, bytes, site_system, .. } = carried;
    let file = plain(file);
    add(
        &mut text,
        format_args!(
            "{bytes} bytes from `{site_system}` written to {file}: take them in with `headwater content extract {file} --point NAME`\n"
        ),
    );
    text
}

/// What was taken in.
pub fn extracted_text(carried: &Carried, point: &Name) -> String {
    let mut text = packages(carried);
    let taken = counted(carried.packages.len(), "package");
    add(&mut text, format_args!("{taken} of {} on `{point}`\n", plain(&carried.file)));
    text
}

/// The same for programs.
pub fn prestaged_json(carried: &Carried) -> String {
    json_text(carried)
}

fn packages(carried: &Carried) -> String {
    let mut text = String::new();
    for (package, state) in &carried.packages {
        let files = counted(usize::try_from(state.files).unwrap_or(usize::MAX), "file");
        let PackageState { version, bytes, .. } = state;
        add(&mut text, format_args!("{package} version {version}: {files}, {bytes} bytes\n"));
    }
    text
}
