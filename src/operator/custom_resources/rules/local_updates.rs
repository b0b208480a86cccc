//! Of updates of local publishers (SYNC-10).

use super::{Rule, install, texts};
use crate::{model::classification_titles, operator::custom_resources::rule::quoted};

/// The longest name, in characters.
pub(super) const NAME: usize = 100;

/// The longest texts, in characters, as `check` has them.
const TEXTS: [(&str, usize); 5] = [
    ("title", 200),
    ("description", 1_500),
    ("publisher", NAME),
    ("product", NAME),
    ("securityBulletin", NAME),
];

pub(super) fn rules() -> Vec<Rule> {
    let mut rules = Vec::new();
    for (field, longest) in TEXTS {
        let at = format!("spec.{field}");
        rules.extend([
            Rule::new(at.clone(), "self.trim() != ''", format!("`{field}` is empty"))
                .help("write a text"),
            Rule::new(
                at.clone(),
                format!("self.size() <= {longest}"),
                format!("`{field}` has <<self.size()>> characters, and {longest} are the most"),
            )
            .help("write it shorter"),
            Rule::new(
                at,
                format!("self.size() > {longest} || {}", texts::is_plain("self")),
                format!("`{field}` has letters that no XML can have"),
            )
            .help("remove control characters"),
        ]);
    }
    rules.extend([
        Rule::new(
            "spec.language",
            "self.matches('^[a-z]{2,3}(-[0-9A-Za-z]{2,8})*$')",
            "`<<self>>` is no language",
        )
        .help("write it as documents of updates do, such as `en` or `pt-br`"),
        Rule::new(
            "spec.knowledgeBaseArticle",
            "self.matches('^(KB)?[0-9]{1,10}$')",
            "`<<self>>` is no number of an article",
        )
        .help("write it as `KB9004210`"),
        Rule::new(
            "spec.supportUrl",
            r"self.size() <= 2000 && self.matches(r'^https?://\S+$')",
            "`supportUrl` is no address that people can open",
        )
        .help("write it as `https://support.fabrikam.example/reader`"),
        classification(),
        names_itself("prerequisites", ".prerequisites"),
        names_itself("supersedes", ".supersedes"),
    ]);
    rules.extend(install::rules());
    rules
}

fn classification() -> Rule {
    let titles: Vec<&str> = classification_titles().collect();
    let known: Vec<String> =
        titles.iter().map(|title| quoted(&title.to_ascii_lowercase())).collect();
    let guid = r"^\s*(urn:uuid:|\{)?[0-9A-Fa-f-]{32,36}\}?\s*$";
    let cel =
        format!("self.trim().lowerAscii() in [{}] || self.matches(r'{guid}')", known.join(", "));
    let help = format!("write one of `{}`, or a GUID", titles.join("`, `"));
    Rule::new("spec.classification", cel, "there is no classification `<<self>>`").help(help)
}

/// Written in other letters it is the same update too; to compare so takes too long.
fn names_itself(list: &str, field: &'static str) -> Rule {
    Rule::new(
        "spec",
        format!("!has(self.{list}) || !(self.updateId in self.{list})"),
        format!("the update names itself among its `{list}`"),
    )
    .help("remove it")
    .field(field)
}
