//! A plan read back from its JSON form. What is read is hostile: nothing in it is believed that can
//! be checked.

use std::collections::BTreeSet;

use serde::{Deserialize, de::IgnoredAny};

use super::{ActionId, FORMAT_VERSION, Plan, Summary, secrets::hide_secrets};
use crate::model::UnknownFormat;

/// The largest plan that is read, in bytes: that of a first run with five thousand distribution
/// points and ten thousand packages has about as many.
pub const MOST_BYTES: usize = 1 << 30;

/// Why a text is not a plan that can be shown.
#[derive(Debug, thiserror::Error)]
pub enum ReadPlanError {
    /// Larger than [`MOST_BYTES`].
    #[error("it is larger than {} MiB", MOST_BYTES >> 20)]
    TooLarge,
    /// Not the JSON of a plan; the text says where and why.
    #[error("it is not a plan: {0}; write one with `headwater plan --out FILE`")]
    NotAPlan(String),
    /// Another version wrote it.
    #[error(transparent)]
    Format(#[from] UnknownFormat),
    /// Only a part of a plan.
    #[error("it is a part of a plan: write the whole with `headwater plan --out FILE`")]
    Part,
    /// Two actions have one identity.
    #[error("action `{0}` is in it twice")]
    Repeated(ActionId),
    /// An action comes after something that is not before it.
    #[error("action `{action}` comes after `{after}`, which is not before it")]
    OutOfOrder {
        /// The action.
        action: ActionId,
        /// What it says it comes after.
        after: ActionId,
    },
    /// The counts are not those of the actions.
    #[error("its summary does not count its actions")]
    WrongSummary,
}

impl From<serde_json::Error> for ReadPlanError {
    /// In words only: a source would be told a second time.
    fn from(error: serde_json::Error) -> Self {
        Self::NotAPlan(error.to_string())
    }
}

/// What decides whether the rest can be understood.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Format {
    format_version: String,
    filter: Option<IgnoredAny>,
}

/// Reads a plan from its JSON form: what it holds is consistent, and has no secrets.
///
/// A newer format is refused. Unknown fields are not: what can be passed over is added without
/// raising the version, and to show a plan without it misleads nobody. So a saved plan is read too,
/// without what it was made of.
///
/// # Errors
///
/// The text is not a plan of this version, or contradicts itself.
pub fn read_plan(text: &str) -> Result<Plan, ReadPlanError> {
    if text.len() > MOST_BYTES {
        return Err(ReadPlanError::TooLarge);
    }
    let Format { format_version, filter } = serde_json::from_str(text)?;
    FORMAT_VERSION.reads(&format_version)?;
    if filter.is_some() {
        return Err(ReadPlanError::Part);
    }
    let mut plan: Plan = serde_json::from_str(text)?;
    consistent(&plan)?;
    hide_secrets(&mut plan);
    Ok(plan)
}

/// Checks what the rest of a plan can be checked against.
pub(super) fn consistent(plan: &Plan) -> Result<(), ReadPlanError> {
    let mut earlier = BTreeSet::new();
    for action in &plan.actions {
        if let Some(after) = action.after.iter().find(|after| !earlier.contains(after)) {
            let (action, after) = (action.id.clone(), after.clone());
            return Err(ReadPlanError::OutOfOrder { action, after });
        }
        if !earlier.insert(&action.id) {
            return Err(ReadPlanError::Repeated(action.id.clone()));
        }
    }
    if plan.summary != Summary::of(&plan.actions) {
        return Err(ReadPlanError::WrongSummary);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    /// A plan of two actions.
    fn plan() -> Value {
        let action = |id: &str, after: &[&str]| {
            json!({
                "id": id, "kind": "CreateSiteSystem", "resource": "SiteSystem/a", "site": "ONE",
                "requirement": "TOP-3", "reason": "it does not exist yet", "after": after,
                "targets": ["a"],
                "diff": [{"path": "url", "before": null, "after": "http://ada:s3cret@a"}],
            })
        };
        let digest = format!("sha256:{}", "0".repeat(64));
        json!({
            "formatVersion": "1.0", "manifestDigest": digest, "observedDigest": digest,
            "complete": true,
            "summary": {"create": 2, "change": 0, "remove": 0, "synchronize": 0, "distribute": 0},
            "actions": [action("first", &[]), action("second", &["first"])],
            "waiting": [], "diagnostics": [],
        })
    }

    fn refused(change: impl FnOnce(&mut Value)) -> String {
        let mut plan = plan();
        change(&mut plan);
        read_plan(&plan.to_string()).unwrap_err().to_string()
    }

    #[test]
    fn a_plan_is_read_back_without_secrets() {
        let read = read_plan(&plan().to_string()).unwrap();
        assert_eq!(read.actions[0].diff[0].after, json!("http://***@a"));
        let written = serde_json::to_value(&read).unwrap();
        assert_eq!(read_plan(&written.to_string()).unwrap(), read);
    }

    #[test]
    fn a_newer_format_is_refused_whatever_it_looks_like() {
        for version in ["1.1", "2.0", "10.3"] {
            let text = json!({"formatVersion": version, "steps": 7}).to_string();
            let refused = read_plan(&text).unwrap_err().to_string();
            let says = format!("it has format version {version}, and this version of Headwater");
            assert!(refused.starts_with(&says), "{refused}");
        }
        for version in ["0.9", "1", "1.0.0", "one", "", "99999999999.0"] {
            let refused = refused(|it| it["formatVersion"] = json!(version));
            assert!(refused.contains("format version"), "{refused}");
        }
    }

    #[test]
    fn what_can_be_passed_over_is_passed_over() {
        let mut plan = plan();
        plan["later"] = json!({"a": 1});
        plan["actions"][0]["diff"][0]["later"] = json!("a");
        assert!(read_plan(&plan.to_string()).is_ok());
    }

    #[test]
    fn what_contradicts_itself_is_refused() {
        let twice = refused(|it| it["actions"][1]["id"] = json!("first"));
        assert_eq!(twice, "action `first` is in it twice");
        let cycle = refused(|it| it["actions"][0]["after"] = json!(["second"]));
        assert_eq!(cycle, "action `first` comes after `second`, which is not before it");
        let counts = refused(|it| it["summary"]["create"] = json!(3));
        assert_eq!(counts, "its summary does not count its actions");
        let part = refused(|it| it["filter"] = json!({"sites": ["ONE"]}));
        assert!(part.starts_with("it is a part of a plan"), "{part}");
    }

    #[test]
    fn what_is_not_a_plan_is_refused_with_its_place() {
        for text in ["", "null", "[]", "{}", "{\"formatVersion\": 1}", "kind: Site", "\u{feff}{}"] {
            let refused = read_plan(text).unwrap_err().to_string();
            assert!(refused.starts_with("it is not a plan: "), "{refused}");
        }
        let error = read_plan("{}").unwrap_err();
        assert!(std::error::Error::source(&error).is_none(), "its reason is told once");
        let kind = refused(|it| it["actions"][0]["kind"] = json!("Reboot"));
        assert!(kind.contains("unknown variant `Reboot`") && kind.contains("line 1"), "{kind}");
        let deep = "[".repeat(100_000);
        assert!(read_plan(&format!("{{\"formatVersion\": \"1.0\", \"actions\": {deep}")).is_err());
    }
}
