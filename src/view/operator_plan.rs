//! What an operator has to do in a namespace, as its plan says.

use comfy_table::Cell;

use super::{
    counted,
    plain::{add, plain},
    table::{lines, table},
};

/// What an operator has to do.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OperatorPlan {
    /// How many actions there are.
    pub count: u64,
    /// The first of them.
    pub actions: Vec<OperatorAction>,
    /// What cannot be planned yet: what it is about, and what it waits for.
    pub waiting: Vec<(String, String)>,
    /// The first digits of what somebody has to approve.
    pub approve: Option<String>,
    /// How it stands with all of it.
    pub standing: Option<String>,
}

/// An action of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OperatorAction {
    /// What is done.
    pub kind: String,
    /// To what.
    pub resource: String,
    /// Why.
    pub reason: String,
    /// Whether somebody has to approve it.
    pub to_approve: bool,
}

/// The plan, as text.
pub fn operator_plan_text(plan: &OperatorPlan) -> String {
    let OperatorPlan { count, actions, waiting, approve, standing } = plan;
    let mut text = match standing {
        Some(standing) => format!("{}\n", plain(standing)),
        None => String::new(),
    };
    if !actions.is_empty() {
        let mut table = table(&["ACTION", "OBJECT", "APPROVAL", "REASON"], &[]);
        for action in actions {
            let approval = if action.to_approve { "waits" } else { "-" };
            let reason = action.reason.lines().next().unwrap_or_default();
            table.add_row([
                Cell::new(plain(&action.kind)),
                Cell::new(plain(&action.resource)),
                Cell::new(approval),
                Cell::new(plain(reason)),
            ]);
        }
        text.push_str(&lines(&table));
    }
    let more = usize::try_from(*count).unwrap_or(usize::MAX).saturating_sub(actions.len());
    if more > 0 {
        add(&mut text, format_args!("and {}\n", counted(more, "more action")));
    }
    for (resource, on) in waiting {
        add(&mut text, format_args!("{} waits: {}\n", plain(resource), plain(on)));
    }
    if let Some(digest) = approve {
        let digest = plain(digest);
        add(&mut text, format_args!("Approve with: kubectl headwater approve {digest}\n"));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_waits_for_approval_says_how_it_is_approved() {
        let action = |resource: &str, to_approve| OperatorAction {
            kind: "CreateSiteSystem".to_owned(),
            resource: resource.to_owned(),
            reason: "it is not there".to_owned(),
            to_approve,
        };
        let plan = OperatorPlan {
            count: 3,
            actions: vec![action("SiteSystem/a", true), action("SiteSystem/b", false)],
            waiting: vec![("Package/c".to_owned(), "SiteSystem/a".to_owned())],
            approve: Some("0123abcd".to_owned()),
            standing: Some("somebody has to approve it".to_owned()),
        };
        assert_eq!(
            operator_plan_text(&plan),
            "somebody has to approve it\n\
             ACTION            OBJECT        APPROVAL  REASON\n\
             CreateSiteSystem  SiteSystem/a  waits     it is not there\n\
             CreateSiteSystem  SiteSystem/b  -         it is not there\n\
             and 1 more action\n\
             Package/c waits: SiteSystem/a\n\
             Approve with: kubectl headwater approve 0123abcd\n"
        );
        assert_eq!(operator_plan_text(&OperatorPlan::default()), "");
    }
}
