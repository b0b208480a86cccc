//! Of notifications (NOTIFICATION).

use super::{Rule, texts};

pub(super) fn rules() -> Vec<Rule> {
    let mut rules = vec![
        Rule::new(
            "spec.repeatEvery",
            "!self.matches('^(0*[1-5]?[0-9]s|0+[mhd])$')",
            "what lasts would be told more often than once a minute",
        )
        .help("write `1m` or more"),
    ];
    rules.extend(email());
    rules.extend(commit_status());
    rules
}

fn email() -> Vec<Rule> {
    let at = "spec.to.email";
    let without = |there: &str, missing: &str, field| {
        Rule::new(
            at,
            format!("!has(self.{there}) || has(self.{missing})"),
            format!("`{there}` stands there without `{missing}`"),
        )
        .help(format!("add `{missing}`, or remove it"))
        .field(field)
    };
    vec![
        Rule::new(
            at,
            "self.to.size() >= 1 && self.to.size() <= 50",
            "a mail goes to 1 to 50 addresses",
        )
        .help("list one at least; for many, that of a list of them")
        .field(".to"),
        without("userFile", "passwordFile", ".userFile"),
        without("passwordFile", "userFile", ".passwordFile"),
        Rule::new(
            at,
            "!has(self.tls) || self.tls != 'None' || !has(self.userFile) || !has(self.passwordFile)",
            "the password would go over the network in the clear",
        )
        .help("use `StartTls` or `Tls`")
        .field(".tls"),
    ]
}

fn commit_status() -> Vec<Rule> {
    let at = "spec.to.commitStatus";
    let mut rules = vec![
        Rule::new(at, "self.provider != 'Gitea' || has(self.url)", "nothing says where Gitea is")
            .help("add `url`, such as `https://git.contoso.example/api/v1`")
            .field(".url")
            .required(),
        Rule::new(
            format!("{at}.url"),
            texts::is_safe("self"),
            "the token would go over the network in the clear",
        )
        .help("use `https://`"),
        Rule::new(
            format!("{at}.context"),
            r"self.size() >= 1 && self.size() <= 100 && !self.matches(r'[\x00-\x1F\x7F]')",
            "the name of a status has 1 to 100 letters",
        )
        .help("use a name such as `headwater/production`"),
    ];
    // The status of a commit is a state and no piece of news.
    for (field, path, by_default) in [
        ("on", ".on", "self.on.size() == 0"),
        ("sites", ".sites", "self.sites.size() == 0"),
        ("minSeverity", ".minSeverity", "self.minSeverity == 'Info'"),
    ] {
        rules.push(
            Rule::new(
                "spec",
                format!("!has(self.to.commitStatus) || !has(self.{field}) || {by_default}"),
                format!("a commit status has no `{field}`: it is that of the whole"),
            )
            .help(format!("remove `{field}`"))
            .field(path)
            .forbidden(),
        );
    }
    rules
}
