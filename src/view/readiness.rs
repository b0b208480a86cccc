//! Whether an operator works, as far as it can be seen in the cluster.

use serde::Serialize;

use super::{json_text::json_text, plain::plain};

/// One thing that has to be so.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ReadinessCheck {
    /// What is looked at, in one word.
    pub check: &'static str,
    /// Whether it is so.
    pub ready: bool,
    /// What was seen.
    pub message: String,
}

#[derive(Serialize)]
struct Report<'a> {
    ready: bool,
    checks: &'a [ReadinessCheck],
}

/// A line for each of them.
pub fn readiness_text(checks: &[ReadinessCheck]) -> String {
    let line = |it: &ReadinessCheck| {
        let word = if it.ready { "ready    " } else { "not ready" };
        format!("{word}  {}\n", plain(&it.message))
    };
    checks.iter().map(line).collect()
}

/// The same for programs.
pub fn readiness_json(checks: &[ReadinessCheck]) -> String {
    json_text(&Report { ready: checks.iter().all(|it| it.ready), checks })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_ready_stands_out_and_makes_the_whole_not_ready() {
        let check = |ready, message: &str| ReadinessCheck {
            check: "Operator",
            ready,
            message: message.to_owned(),
        };
        let checks = [check(true, "one"), check(false, "an\u{1b}other")];
        assert_eq!(readiness_text(&checks[..1]), "ready      one\n");
        let text = readiness_text(&checks);
        assert!(text.contains("\nnot ready  an") && !text.contains('\u{1b}'), "{text}");
        let json: serde_json::Value = serde_json::from_str(&readiness_json(&checks)).unwrap();
        assert_eq!((&json["ready"], &json["checks"][0]["ready"]), (&false.into(), &true.into()));
    }
}
