//! What a genuine request tells, and whether it is about the followed reference.

use axum::http::HeaderMap;
use serde::Deserialize;

use crate::model::GitSource;

/// What a genuine request asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Told {
    /// Something was pushed to the followed reference, or may have been.
    Fetch,
    /// Nothing that this controller follows has changed; the text says what it is about.
    SomethingElse(String),
    /// It cannot be read; the text says why, and what to do.
    Unreadable(&'static str),
}

/// Headers that name the event: those of GitHub (and others that imitate it), Gitea, Forgejo and GitLab.
const EVENTS: [&str; 4] = ["x-github-event", "x-gitea-event", "x-forgejo-event", "x-gitlab-event"];

/// Events that tell of a push; GitLab has one for tags, and its system hooks have one for everything.
const PUSHES: [&str; 4] = ["push", "Push Hook", "Tag Push Hook", "System Hook"];

/// What is read of a push: all of them have it alike. The rest is skipped.
#[derive(Deserialize)]
struct Push {
    /// The reference that was pushed to.
    #[serde(rename = "ref")]
    reference: Option<String>,
    /// As GitHub, Gitea and Forgejo have it.
    repository: Option<PushedRepository>,
    /// As GitLab has it.
    project: Option<PushedRepository>,
}

#[derive(Deserialize)]
struct PushedRepository {
    default_branch: Option<String>,
}

/// The longest name of somebody else that is told again.
const LONGEST: usize = 200;

/// What a genuine request asks for. Without a body and without an event, that is a fetch.
pub(super) fn told(headers: &HeaderMap, body: &[u8], source: &GitSource) -> Told {
    let event = EVENTS.iter().find_map(|name| headers.get(*name));
    let event = event.map(|it| String::from_utf8_lossy(it.as_bytes()));
    if let Some(event) = &event
        && !PUSHES.contains(&event.as_ref())
    {
        return Told::SomethingElse(format!("the event `{}`", shortened(event)));
    }
    if body.trim_ascii().is_empty() && event.is_none() {
        return Told::Fetch;
    }
    let Ok(push) = serde_json::from_slice::<Push>(body) else {
        return Told::Unreadable(
            "the body is not the JSON of a push: choose `application/json` as its content type, \
             or leave it empty",
        );
    };
    let Some(pushed) = push.reference else {
        // Nobody says what it is about.
        return match event {
            None => Told::Fetch,
            Some(_) => Told::SomethingElse("no reference".to_owned()),
        };
    };
    let repository = push.repository.or(push.project);
    let default = repository.and_then(|it| it.default_branch);
    if follows(source.reference(), &pushed, default.as_deref()) {
        Told::Fetch
    } else {
        Told::SomethingElse(format!("`{}`", shortened(&pushed)))
    }
}

/// Whether what is fetched can be another commit after a push to a reference. Who follows the head of a
/// repository follows its default branch; where that is not told, any branch may be it.
fn follows(followed: Option<&str>, pushed: &str, default: Option<&str>) -> bool {
    let branch = pushed.strip_prefix("refs/heads/");
    match followed {
        None => branch.is_some_and(|branch| default.is_none_or(|it| it == branch)),
        Some(followed) => {
            let tag = pushed.strip_prefix("refs/tags/");
            [branch, tag, Some(pushed)].into_iter().flatten().any(|it| it == followed)
        }
    }
}

fn shortened(text: &str) -> String {
    text.chars().filter(|it| !it.is_control()).take(LONGEST).collect()
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderName, HeaderValue};

    use super::*;

    fn source(fragment: &str) -> GitSource {
        let text = format!("git+https://git.contoso.example/a.git{fragment}");
        serde_json::from_value(text.into()).unwrap()
    }

    fn about(fragment: &str, event: Option<(&'static str, &str)>, body: &str) -> Told {
        let headers = event.iter().map(|(name, value)| {
            (HeaderName::from_static(name), HeaderValue::from_str(value).unwrap())
        });
        told(&headers.collect(), body.as_bytes(), &source(fragment))
    }

    const GITHUB: Option<(&str, &str)> = Some(("x-github-event", "push"));

    #[test]
    fn only_a_push_to_the_followed_reference_asks_for_a_fetch() {
        let fetches = |fragment: &str, pushed: &str| {
            let body = format!(
                r#"{{"ref": "{pushed}", "after": "0", "commits": [{{"id": "0"}}],
                    "repository": {{"id": 7, "default_branch": "trunk"}}}}"#
            );
            let told = about(fragment, GITHUB, &body);
            assert!(told == Told::Fetch || told == Told::SomethingElse(format!("`{pushed}`")));
            told == Told::Fetch
        };
        assert!(fetches("#main:hierarchy", "refs/heads/main"));
        assert!(!fetches("#main", "refs/heads/main2"));
        assert!(!fetches("#main", "refs/heads/feature/main"));
        assert!(fetches("#v1.2", "refs/tags/v1.2"));
        assert!(fetches("#refs/tags/v1.2", "refs/tags/v1.2"));
        assert!(!fetches("#refs/tags/v1.2", "refs/heads/v1.2"));
        assert!(fetches("", "refs/heads/trunk"));
        assert!(!fetches("", "refs/heads/main"));
        assert!(!fetches("", "refs/tags/trunk"));
        let gitlab = r#"{"ref": "refs/heads/main", "project": {"default_branch": "main"}}"#;
        assert_eq!(about("", Some(("x-gitlab-event", "Push Hook")), gitlab), Told::Fetch);
    }

    #[test]
    fn who_only_calls_has_it_fetched() {
        assert_eq!(about("#main", None, ""), Told::Fetch);
        assert_eq!(about("#main", None, " \n"), Told::Fetch);
        assert_eq!(about("#main", None, "{}"), Told::Fetch);
        assert_eq!(about("#main", None, r#"{"ref": "main"}"#), Told::Fetch);
        let other = Told::SomethingElse("`other`".to_owned());
        assert_eq!(about("#main", None, r#"{"ref": "other"}"#), other);
    }

    #[test]
    fn other_events_and_what_is_no_push_are_told_apart() {
        let ping = Told::SomethingElse("the event `ping`".to_owned());
        assert_eq!(about("", Some(("x-github-event", "ping")), r#"{"zen": "a"}"#), ping);
        assert_eq!(about("", GITHUB, "{}"), Told::SomethingElse("no reference".to_owned()));
        for body in ["payload=%7B%7D", "[", "7", r#"{"ref": 7}"#, &"[".repeat(10_000)] {
            assert!(matches!(about("", GITHUB, body), Told::Unreadable(_)), "{body:.20}");
            assert!(matches!(about("", None, body), Told::Unreadable(_)), "{body:.20}");
        }
        let long = format!(r#"{{"ref": "{}\u0007"}}"#, "x".repeat(10_000));
        assert_eq!(
            about("#main", None, &long),
            Told::SomethingElse(format!("`{}`", "x".repeat(200)))
        );
    }
}
