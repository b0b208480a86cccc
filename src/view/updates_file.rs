//! A file of updates that was written or imported (SYNC-7).

use serde::Serialize;

use super::{
    json_text::json_text,
    plain::{add, plain},
};
use crate::{
    model::{Digest, Name},
    wire::exchange::SignatureSeen,
};

/// A file of updates, and where they came from or went to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct UpdatesFile {
    /// The file.
    pub file: String,
    /// Its size.
    pub bytes: u64,
    /// Its digest.
    pub digest: Digest,
    /// The software update point.
    pub update_point: Name,
    /// The site system that carries it.
    pub site_system: Name,
    /// The revisions in the file.
    pub revisions: u64,
    /// How many of them were new, after an import.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub new_revisions: Option<u64>,
    /// The files of updates in it.
    #[serde(skip_serializing_if = "is_none")]
    pub files: u64,
    /// The approvals in it.
    #[serde(skip_serializing_if = "is_none")]
    pub approvals: u64,
    /// Whether they took the place of those that were there, after an import.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub approvals_taken: Option<bool>,
    /// Its signature, if it has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signature: Option<SignatureSeen>,
}

/// What was imported.
pub fn updates_imported_text(imported: &UpdatesFile) -> String {
    let UpdatesFile { file, update_point, revisions, new_revisions, .. } = imported;
    let new = new_revisions.unwrap_or_default();
    let mut text = String::new();
    let file = plain(file);
    add(
        &mut text,
        format_args!("{new} of {revisions} updates in {file} are new to `{update_point}`\n"),
    );
    if imported.files > 0 {
        add(&mut text, format_args!("{} files of updates are there now\n", imported.files));
    }
    if imported.approvals_taken == Some(true) {
        add(&mut text, format_args!("{} approvals took the place of others\n", imported.approvals));
    }
    signed(&mut text, "verified: signed with", imported);
    if new > 0 {
        text += "`headwater apply` or `headwater up` takes them to the site database and the sites below\n";
    }
    text
}

/// What was written.
pub fn updates_written_text(written: &UpdatesFile) -> String {
    let UpdatesFile { file, bytes, digest, update_point, revisions, .. } = written;
    let mut text = String::new();
    let file = plain(file);
    add(
        &mut text,
        format_args!(
            "{revisions} updates of `{update_point}` written to {file}: {bytes} bytes, {digest}\n"
        ),
    );
    if written.files > 0 || written.approvals > 0 {
        let (files, approvals) = (written.files, written.approvals);
        let beside =
            format_args!("beside them {files} files of updates and {approvals} approvals\n");
        add(&mut text, beside);
    }
    signed(&mut text, "signed with", written);
    text
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it with a reference")]
fn is_none(count: &u64) -> bool {
    *count == 0
}

fn signed(text: &mut String, how: &str, file: &UpdatesFile) {
    if let Some(SignatureSeen { key, verified: true }) = &file.signature {
        add(text, format_args!("{how} {key}\n"));
    }
}

/// The same for programs.
pub fn updates_file_json(file: &UpdatesFile) -> String {
    json_text(file)
}
