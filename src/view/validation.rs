//! What a content validation has found, and what was repaired.

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use super::{
    content::{size, span},
    json_text::{json_schema, json_text},
    plain::{add, counted, plain},
};
use crate::model::{FileDamage, FormatVersion, Name, PackageId, ValidationFindings};

/// How many files are named in a text; JSON has all that are known.
const NAMED: usize = 100;

/// What was validated, library by library.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ValidationReport {
    /// The version of this form: raised when a reader of the old one would misread it.
    #[schemars(extend("const" = ValidationReport::FORMAT_VERSION.to_string()))]
    pub format_version: String,
    /// The libraries: one, or two where a site server carries a distribution point of its own name.
    pub libraries: Vec<ValidatedLibrary>,
}

/// A content library that was validated.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ValidatedLibrary {
    /// The site system that has it.
    pub site_system: Name,
    /// The distribution point; absent: it is the library of the site server.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub distribution_point: Option<Name>,
    /// What was found.
    pub findings: ValidationFindings,
    /// What became of the packages that are damaged, with `--repair`.
    pub repairs: Vec<Repair>,
}

/// What became of a package that was to be repaired.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Repair {
    /// The package.
    pub package: PackageId,
    /// Whether it is whole again.
    pub repaired: bool,
    /// Where its content came from, or why it did not.
    pub detail: String,
}

impl ValidationReport {
    /// The version of the form.
    pub const FORMAT_VERSION: FormatVersion = FormatVersion { major: 1, minor: 0 };

    /// What was found in these libraries.
    pub fn of(libraries: Vec<ValidatedLibrary>) -> Self {
        Self { format_version: Self::FORMAT_VERSION.to_string(), libraries }
    }

    /// Whether everything is there and right, or is again.
    pub fn is_whole(&self) -> bool {
        self.libraries.iter().all(ValidatedLibrary::is_whole)
    }
}

impl ValidatedLibrary {
    /// Whether everything is there and right, or is again.
    pub fn is_whole(&self) -> bool {
        self.findings.is_whole()
            || (!self.repairs.is_empty() && self.repairs.iter().all(|repair| repair.repaired))
    }

    /// What it is called.
    fn name(&self) -> String {
        match &self.distribution_point {
            Some(point) => format!("`{point}`"),
            None => format!("site server `{}`", self.site_system),
        }
    }
}

/// What was validated, for people.
pub fn validation_text(report: &ValidationReport) -> String {
    let mut text = String::new();
    for library in &report.libraries {
        library_text(&mut text, library);
    }
    text
}

fn library_text(text: &mut String, library: &ValidatedLibrary) {
    let findings = &library.findings;
    for file in findings.named.iter().take(NAMED) {
        let damage = match file.damage {
            FileDamage::Damaged => "damaged, and put aside",
            FileDamage::Missing => "missing",
        };
        let path = plain(&file.path);
        add(text, format_args!("{} {path}: {damage}, {}\n", file.package, size(file.bytes)));
    }
    let more = findings.named.len().saturating_sub(NAMED) as u64;
    let more = usize::try_from(more.saturating_add(findings.unnamed)).unwrap_or(usize::MAX);
    if more > 0 {
        add(text, format_args!("{} more\n", counted(more, "file")));
    }
    for Repair { package, repaired, detail } in &library.repairs {
        let word = if *repaired { "repaired" } else { "not repaired" };
        add(text, format_args!("{package} {word}: {}\n", plain(detail)));
    }
    let ValidationFindings { files, bytes, damaged, missing, milliseconds, .. } = findings;
    let files = counted(usize::try_from(*files).unwrap_or(usize::MAX), "file");
    let found = match (damaged, missing) {
        (0, 0) => "all as they should be".to_owned(),
        (damaged, 0) => format!("{damaged} damaged"),
        (0, missing) => format!("{missing} missing"),
        (damaged, missing) => format!("{damaged} damaged, {missing} missing"),
    };
    let took = span(milliseconds / 1_000);
    let rate = rate(*bytes, *milliseconds).map(|rate| format!(", {rate}")).unwrap_or_default();
    add(
        text,
        format_args!("{}: {files}, {} in {took}{rate}: {found}.\n", library.name(), size(*bytes)),
    );
    if !library.is_whole() && library.repairs.is_empty() {
        *text += "Repair it with --repair, or let `headwater apply` do it.\n";
    }
}

/// How fast, where it took long enough to tell: `1.6 GiB/s`.
fn rate(bytes: u64, milliseconds: u64) -> Option<String> {
    let rate = bytes.saturating_mul(1_000).checked_div(milliseconds)?;
    (milliseconds >= 100).then(|| format!("{}/s", size(rate)))
}

/// How far work on bytes is, in a line for a pipe: `4.0 MiB of 8.0 MiB, 1.2 GiB/s, 3s left`.
pub fn bytes_line(done: u64, total: u64, milliseconds: u64) -> String {
    let mut parts = vec![format!("{} of {}", size(done), size(total))];
    if let Some(rate) = rate(done, milliseconds) {
        parts.push(rate);
        let left = u128::from(total.saturating_sub(done)) * u128::from(milliseconds);
        let left = left.checked_div(u128::from(done) * 1_000);
        parts.extend(left.map(|it| span(u64::try_from(it).unwrap_or(u64::MAX)) + " left"));
    }
    parts.join(", ")
}

/// How far work on updates is, in a line for a pipe: `1200 of 4125 updates, 300/s, 9s left`.
pub fn updates_line(done: u64, total: u64, milliseconds: u64) -> String {
    let mut parts = vec![format!("{done} of {total} updates")];
    let rate = done.saturating_mul(1_000).checked_div(milliseconds).filter(|rate| *rate > 0);
    if let Some(rate) = rate {
        parts.push(format!("{rate}/s"));
        parts.push(span(total.saturating_sub(done).div_ceil(rate)) + " left");
    }
    parts.join(", ")
}

/// The same for programs.
pub fn validation_json(report: &ValidationReport) -> String {
    json_text(report)
}

/// The JSON Schema of it.
///
/// It does not forbid further fields: those that a later version adds do not raise `formatVersion`,
/// and a reader may pass over them.
pub fn validation_schema() -> Value {
    json_schema::<ValidationReport>("Headwater content validation")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::DamagedFile;

    fn library(findings: ValidationFindings, repairs: Vec<Repair>) -> ValidatedLibrary {
        let point = Some("here".parse().unwrap());
        let site_system = "server".parse().unwrap();
        ValidatedLibrary { site_system, distribution_point: point, findings, repairs }
    }

    fn damaged(path: &str) -> ValidationFindings {
        let mut findings =
            ValidationFindings { damaged: 1, milliseconds: 2_000, ..Default::default() };
        findings.hashed(3 << 20);
        let (package, path) = ("CEN00001".parse().unwrap(), path.to_owned());
        findings.name(DamagedFile { package, path, bytes: 3 << 20, damage: FileDamage::Damaged });
        findings
    }

    #[test]
    fn what_is_damaged_is_named_and_counted() {
        let report = ValidationReport::of(vec![library(damaged("a/\u{1b}b"), Vec::new())]);
        assert!(!report.is_whole());
        assert_eq!(
            validation_text(&report),
            "CEN00001 a/\\u{1b}b: damaged, and put aside, 3.0 MiB\n\
             `here`: 1 file, 3.0 MiB in 2s, 1.5 MiB/s: 1 damaged.\n\
             Repair it with --repair, or let `headwater apply` do it.\n"
        );
    }

    #[test]
    fn a_library_is_whole_again_when_every_package_is() {
        let repair = |repaired| Repair {
            package: "CEN00001".parse().unwrap(),
            repaired,
            detail: "pulled from a".to_owned(),
        };
        let report = |repairs| ValidationReport::of(vec![library(damaged("a"), repairs)]);
        assert!(report(vec![repair(true)]).is_whole());
        assert!(!report(vec![repair(true), repair(false)]).is_whole());
        let text = validation_text(&report(vec![repair(false)]));
        assert!(text.contains("CEN00001 not repaired: pulled from a\n"), "{text}");
        assert!(!text.contains("--repair"), "{text}");
    }

    #[test]
    fn how_far_it_is_has_a_rate_and_an_end() {
        assert_eq!(bytes_line(1 << 20, 4 << 20, 1_000), "1.0 MiB of 4.0 MiB, 1.0 MiB/s, 3s left");
        assert_eq!(bytes_line(0, 4 << 20, 0), "0 B of 4.0 MiB");
        assert_eq!(updates_line(1_200, 4_125, 4_000), "1200 of 4125 updates, 300/s, 10s left");
        assert_eq!(updates_line(0, 4_125, 0), "0 of 4125 updates");
    }
}
