//! What `headwater rollback` says beside the plan: what of the manifests comes back, and how it lasts.

use jiff::Timestamp;

use crate::{
    model::{CommitId, GitSource, ResourceId, RunId},
    plan::Moved,
};

use super::{
    moved::differences_text,
    plain::{add, counted},
    status::second,
};

/// So many differences are listed.
const DIFFERENCES: usize = 20;

/// The way back to manifests of before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BroughtBack {
    /// The run that they are of, if it is for the run that they are brought back.
    pub run: Option<RunId>,
    /// The commit that they are of, where they came out of git.
    pub commit: Option<CommitId>,
    /// When the run began, or the commit came in force.
    pub at: Timestamp,
    /// Whether the run ended well; none for a commit.
    pub ended_well: Option<bool>,
    /// What they say otherwise than those of now.
    pub differences: Vec<Moved>,
    /// Documents whose files were in a directory that is gone.
    pub without_files: Vec<ResourceId>,
    /// Where manifests come from now, and the commit in force, where they come out of git.
    pub in_force: Option<(GitSource, CommitId)>,
}

/// What comes back, what to know of it, and how it lasts, as text.
pub fn brought_back_text(back: &BroughtBack) -> String {
    let BroughtBack { run, commit, at, ended_well, differences, without_files, in_force } = back;
    let at = second(*at);
    let mut text = match (run, commit) {
        (Some(run), Some(commit)) => {
            format!("the manifests of run {run} (commit {}), of {at}", commit.short())
        }
        (Some(run), None) => format!("the manifests of run {run}, of {at}"),
        (None, Some(commit)) => format!("the manifests of commit {}, of {at}", commit.short()),
        (None, None) => format!("the manifests of {at}"),
    };
    text = format!("back to {text}\n");
    if *ended_well == Some(false) {
        text += "note: that run did not end well: look at it with `headwater show`\n";
    }
    text += &differences_text(differences, "back", DIFFERENCES);
    if differences.is_empty() {
        text += "note: the manifests of now say the same\n";
    }
    if let Some(first) = without_files.first() {
        let more = match without_files.len() {
            1 => String::new(),
            all => format!(" and of {}", counted(all - 1, "other document")),
        };
        add(
            &mut text,
            format_args!(
                "note: the files of {first}{more} were beside the manifests, and are gone: what is not \
                 in the hierarchy any more cannot be taken from there\n"
            ),
        );
    }
    text + &lasting(commit.as_ref(), in_force.as_ref(), differences.is_empty())
}

/// How it lasts: whoever keeps the manifests of now would take it back.
fn lasting(
    commit: Option<&CommitId>,
    in_force: Option<&(GitSource, CommitId)>,
    same: bool,
) -> String {
    if same {
        return String::new();
    }
    let Some((source, now)) = in_force else {
        return "to make it last, bring the manifests back too: whoever applies those of now undoes it\n"
            .to_owned();
    };
    let how = match commit {
        Some(commit) if commit != now => {
            format!("`git revert --no-edit {}..{}`", commit.short(), now.short())
        }
        _ => "a commit that brings these manifests back".to_owned(),
    };
    format!(
        "to make it last, commit it to {source}: {how}. A controller that follows it undoes anything else, \
         and while one does `headwater apply` refuses this\n"
    )
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{
        model::{FieldPath, Kind},
        plan::MovedPlace,
    };

    #[test]
    fn what_comes_back_is_listed_and_how_it_lasts_is_told() {
        let id = |digit: &str| digit.repeat(40).parse::<CommitId>().unwrap();
        let point = ResourceId::new(Kind::DistributionPoint, &"ams-dp2".parse().unwrap());
        let difference = Moved {
            place: MovedPlace::Manifest {
                resource: point.clone(),
                path: FieldPath::new("spec").key("ports"),
            },
            before: json!(8090),
            after: json!(8080),
        };
        let source: GitSource = "git+https://a.example/b#main:c".parse().unwrap();
        let mut back = BroughtBack {
            run: RunId::new(17),
            commit: Some(id("a")),
            at: Timestamp::UNIX_EPOCH,
            ended_well: Some(false),
            differences: vec![difference; 22],
            without_files: vec![point.clone(), point],
            in_force: Some((source, id("b"))),
        };
        let text = brought_back_text(&back);
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), 1 + 1 + 20 + 1 + 1 + 1, "{text}");
        assert_eq!(
            lines[0],
            "back to the manifests of run 17 (commit aaaaaaaaaaaa), of 1970-01-01 00:00:00Z"
        );
        assert_eq!(lines[2], "back: DistributionPoint/ams-dp2 spec.ports: 8090 -> 8080");
        assert_eq!(lines[22], "back: 2 more");
        assert!(lines[24].contains("`git revert --no-edit aaaaaaaaaaaa..bbbbbbbbbbbb`"), "{text}");
        (back.commit, back.run) = (None, None);
        assert!(brought_back_text(&back).contains("a commit that brings these manifests back"));
        back.in_force = None;
        assert!(brought_back_text(&back).ends_with("whoever applies those of now undoes it\n"));
        back.differences.clear();
        assert!(brought_back_text(&back).contains("say the same"));
        assert!(!brought_back_text(&back).contains("last"));
    }
}
