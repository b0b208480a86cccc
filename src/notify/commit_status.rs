//! The status of a commit, as each provider wants it.

use axum::http::header::{ACCEPT, AUTHORIZATION, HeaderName};
use serde_json::{Value, json};

use crate::{
    engine::notifications::{CommitState, CommitUpdate},
    model::{CommitStatus, CommitStatusProvider},
};

/// The longest description that all providers take, in characters.
const LONGEST_DESCRIPTION: usize = 140;

/// A request that sets the status of a commit.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct StatusRequest {
    pub(super) url: String,
    /// The header with the token, and what stands in it before the token.
    pub(super) token: (HeaderName, &'static str),
    pub(super) accept: (HeaderName, &'static str),
    pub(super) body: Value,
}

/// The request for a commit.
pub(super) fn status_request(to: &CommitStatus, update: &CommitUpdate) -> StatusRequest {
    let CommitStatus { provider, url, repository, token_file: _, context } = to;
    let CommitUpdate { commit, state, text } = update;
    let (base, failure) = match provider {
        CommitStatusProvider::GitHub => ("https://api.github.com", "failure"),
        CommitStatusProvider::GitLab => ("https://gitlab.com/api/v4", "failed"),
        // The rules want one to be written.
        CommitStatusProvider::Gitea => ("", "failure"),
    };
    let base = url.as_ref().map_or(base, |url| url.as_str()).trim_end_matches('/');
    let state = match state {
        CommitState::Pending => "pending",
        CommitState::Success => "success",
        CommitState::Failure => failure,
    };
    let description = description(text);
    let repository = repository.as_str();
    match provider {
        CommitStatusProvider::GitLab => StatusRequest {
            url: format!("{base}/projects/{}/statuses/{commit}", repository.replace('/', "%2F")),
            token: (HeaderName::from_static("private-token"), ""),
            accept: (ACCEPT, "application/json"),
            body: json!({"state": state, "name": context, "description": description}),
        },
        CommitStatusProvider::GitHub | CommitStatusProvider::Gitea => {
            let github = *provider == CommitStatusProvider::GitHub;
            StatusRequest {
                url: format!("{base}/repos/{repository}/statuses/{commit}"),
                token: (AUTHORIZATION, if github { "Bearer " } else { "token " }),
                accept: (
                    ACCEPT,
                    if github { "application/vnd.github+json" } else { "application/json" },
                ),
                body: json!({"state": state, "context": context, "description": description}),
            }
        }
    }
}

fn description(text: &str) -> String {
    let line: String =
        text.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect();
    match line.char_indices().nth(LONGEST_DESCRIPTION - 1) {
        Some((end, last)) if end + last.len_utf8() < line.len() => format!("{}…", &line[..end]),
        _ => line,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(provider: &str, state: CommitState) -> StatusRequest {
        let to = json!({"provider": provider, "repository": "contoso/updates", "tokenFile": "a",
                        "url": "https://git.contoso.example/api/"});
        let commit = "a".repeat(40).parse().unwrap();
        let update = CommitUpdate { commit, state, text: format!("one\ntwo {}", "é".repeat(200)) };
        status_request(&serde_json::from_value(to).unwrap(), &update)
    }

    #[test]
    fn each_provider_is_asked_in_its_own_way() {
        let commit = "a".repeat(40);
        let github = request("GitHub", CommitState::Failure);
        let base = "https://git.contoso.example/api";
        assert_eq!(github.url, format!("{base}/repos/contoso/updates/statuses/{commit}"));
        assert_eq!(github.token, (AUTHORIZATION, "Bearer "));
        assert_eq!(github.body["state"], "failure");
        assert_eq!(github.body["context"], "headwater");
        let description = github.body["description"].as_str().unwrap();
        assert!(description.starts_with("one two é") && description.chars().count() == 140);
        let gitlab = request("GitLab", CommitState::Failure);
        assert_eq!(gitlab.url, format!("{base}/projects/contoso%2Fupdates/statuses/{commit}"));
        assert_eq!(
            (&gitlab.body["state"], &gitlab.body["name"]),
            (&json!("failed"), &json!("headwater"))
        );
        let gitea = request("Gitea", CommitState::Pending);
        assert_eq!(gitea.url, github.url);
        assert_eq!((gitea.token.1, &gitea.body["state"]), ("token ", &json!("pending")));
    }
}
