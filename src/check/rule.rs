//! What a rule is, and the rules that are not about hierarchies but about text.

use super::{Place, Problem, Severity};
use crate::model::ResourceId;

/// A rule of `check`: what it wants, why, and an example of what it refuses.
///
/// The examples are documents as far as they matter: `apiVersion` and what every document has
/// anyway are left out.
#[derive(Debug, PartialEq, Eq)]
pub struct Rule {
    /// An ID of the domain, or `SYNTAX`, `SCHEMA`, `REFERENCE`, `DUPLICATE`, `NOTIFICATION`, `WINDOW`.
    pub id: &'static str,
    /// How much the gravest breach matters.
    pub severity: Severity,
    /// What the rule wants, in one sentence.
    pub summary: &'static str,
    /// Why it wants that.
    pub why: &'static str,
    /// A piece of YAML that it objects to.
    pub wrong: &'static str,
    /// The same as it should be.
    pub right: &'static str,
}

impl Rule {
    /// A breach of this rule.
    pub fn problem(
        &self,
        resource: Option<ResourceId>,
        place: Place,
        message: impl Into<String>,
    ) -> Problem {
        Problem {
            rule: self.id,
            severity: self.severity,
            message: message.into(),
            place,
            related: Vec::new(),
            help: None,
            resource,
        }
    }
}

/// The text is YAML, within the bounds of Headwater.
pub const SYNTAX: Rule = Rule {
    id: "SYNTAX",
    severity: Severity::Error,
    summary: "a manifest is YAML, without anchors and aliases",
    why: "Text that is not YAML means nothing. Aliases make one value stand in several places, so \
          that a problem has no single place any more, and a small file unfold into a huge one.",
    wrong: "\
kind: DistributionPointGroup
metadata: {name: lisbon}
spec: {members: [lis-dp}
",
    right: "\
kind: DistributionPointGroup
metadata: {name: lisbon}
spec: {members: [lis-dp]}
",
};

/// A document has the fields of its kind, with values of the right type.
pub const SCHEMA: Rule = Rule {
    id: "SCHEMA",
    severity: Severity::Error,
    summary: "a document has the fields of its kind, and no others",
    why: "A key that is not known is most often one that is spelled wrongly. Ignoring it would \
          mean that what was written does not happen.",
    wrong: "\
kind: SiteSystem
metadata: {name: lis-dp}
spec: {internetacces: true}
",
    right: "\
kind: SiteSystem
metadata: {name: lis-dp}
spec: {internetAccess: true}
",
};
