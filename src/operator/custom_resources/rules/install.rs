//! Of what an update of a local publisher installs, and how (SYNC-10).

use super::{Rule, texts};

/// The most exit codes of one command.
pub(super) const MOST_CODES: usize = 100;

/// The longest command line, in characters.
const ARGUMENTS: usize = 8_000;

pub(super) fn rules() -> [Rule; 5] {
    let at = "spec.install";
    // Without a list, 0 is the one that says that it is installed.
    let success = "(has(self.successCodes) ? self.successCodes : [0])";
    let restart = "(has(self.restartCodes) ? self.restartCodes : [])";
    [
        Rule::new(
            "spec",
            "!has(self.files) || self.files.size() == 0 || has(self.install)",
            "the update has files, and nothing says how they are installed",
        )
        .help("add `install` with the `program` that is run")
        .field(".install")
        .required(),
        Rule::new(
            "spec.install.arguments",
            format!("self.size() <= {ARGUMENTS} && {}", texts::is_plain("self")),
            format!("`arguments` have more than {ARGUMENTS} letters, or control characters"),
        )
        .help("write them shorter"),
        Rule::new(
            at,
            format!("{success}.size() + {restart}.size() > 0"),
            "no exit code says that it is installed",
        )
        .help("list one, such as 0")
        .field(".successCodes")
        .required(),
        Rule::new(
            at,
            format!("{success}.size() + {restart}.size() <= {MOST_CODES}"),
            format!("there are more than {MOST_CODES} exit codes"),
        )
        .help("list fewer"),
        Rule::new(
            at,
            format!("{restart}.all(it, !(it in {success}))"),
            format!("exit code <<{restart}.filter(it, it in {success})[0]>> says two things"),
        )
        .help("remove it from one of the two lists")
        .field(".restartCodes"),
    ]
}
