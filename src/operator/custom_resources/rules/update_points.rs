//! Of software update points (SUP-4, SUP-8, SYNC-1, SYNC-2, SYNC-7).

use super::{Rule, texts};

pub(super) fn rules() -> Vec<Rule> {
    let mut rules = Vec::from(connections());
    rules.extend(place());
    rules.extend(settings_of_the_top());
    rules.extend(source());
    rules.extend([
        Rule::new(
            "spec.schedule",
            "!has(self.timeZone) || has(self.cron)",
            "a time zone goes with `cron`: an interval is the same in every one",
        )
        .help("remove `timeZone`")
        .field(".timeZone")
        .forbidden(),
        Rule::new("spec.schedule.cron", texts::FIVE_FIELDS, texts::NO_CRON.0)
            .help(texts::NO_CRON.1),
    ]);
    rules
}

fn connections() -> [Rule; 2] {
    let rule = |role: &str, fits: &str, message: &str| {
        let cel = format!(
            "self.spec.role != '{role}' || !has(self.spec.clientConnections) || \
             self.spec.clientConnections {fits} 'Internet'"
        );
        Rule::new("", cel, message).field(".spec.clientConnections")
    };
    [
        rule(
            "InternetBased",
            "==",
            "Internet-based software update point `<<self.metadata.name>>` accepts Internet clients \
             only",
        )
        .help("write `Internet`, or leave it out"),
        rule(
            "Active",
            "!=",
            "active software update point `<<self.metadata.name>>` shuts out the clients on the \
             intranet",
        )
        .help("write `Intranet` or `IntranetAndInternet`, or leave it out"),
    ]
}

fn place() -> [Rule; 2] {
    let rule = |role: &str, fits: &str, place: &str| {
        let cel = format!("self.spec.role != '{role}' || !has(self.spec.source) || {fits}");
        let message = format!(
            "`<<self.metadata.name>>` {place} and cannot have the source `<<self.spec.source.type>>`"
        );
        Rule::new("", cel, message).field(".spec.source.type")
    };
    [
        rule(
            "InternetBased",
            "self.spec.source.type in ['ActiveUpdatePoint', 'Import', 'None']",
            "is an Internet-based point",
        )
        .help("write `ActiveUpdatePoint`, `Import` or `None`"),
        rule(
            "Active",
            "self.spec.source.type != 'ActiveUpdatePoint'",
            "is the active point of its site",
        )
        .help("write `ParentSite`, or at the top `MicrosoftUpdate` or `UpstreamServer`; or `Import` or \
               `None`"),
    ]
}

/// An Internet-based point is never the one at the top.
fn settings_of_the_top() -> Vec<Rule> {
    let (choice, unused) = ("it would never agree with its upstream", "it is not used here");
    let list = |key: &str| format!("self.spec.{key}.size() == 0");
    [
        ("schedule", ".spec.schedule", "false".to_owned(), unused),
        ("classifications", ".spec.classifications", list("classifications"), choice),
        ("products", ".spec.products", list("products"), choice),
        ("selection", ".spec.selection", "self.spec.selection == 'Exact'".to_owned(), unused),
        ("publishers", ".spec.publishers", list("publishers"), unused),
    ]
    .into_iter()
    .map(|(key, field, is_default, what)| {
        let by_default = match is_default.as_str() {
            "false" => String::new(),
            _ => format!(" || {is_default}"),
        };
        let cel = format!("self.spec.role != 'InternetBased' || !has(self.spec.{key}){by_default}");
        let message = format!(
            "`{key}` is a setting of the top-level point, and `<<self.metadata.name>>` is not it: {what}"
        );
        Rule::new("", cel, message).help("remove it").field(field).forbidden()
    })
    .collect()
}

fn source() -> Vec<Rule> {
    let at = "spec.source";
    vec![
        Rule::new(
            at,
            "self.type != 'UpstreamServer' || has(self.url)",
            "source `UpstreamServer` needs `url`: the address of the server",
        )
        .help("add `url`, such as `url: http://wsus.contoso.example:8530`")
        .field(".url")
        .required(),
        Rule::new(
            at,
            "self.type == 'UpstreamServer' || !has(self.url)",
            "source `<<self.type>>` has no `url`",
        )
        .help("remove it, or write `type: UpstreamServer`")
        .field(".url")
        .forbidden(),
        Rule::new(
            at,
            format!(
                "self.type != 'UpstreamServer' || !has(self.url) || {}",
                texts::is_server("self.url")
            ),
            "`<<self.url>>` is not the address of a server",
        )
        .help("write scheme, host and port, such as `http://wsus.contoso.example:8530`")
        .field(".url"),
        Rule::new(
            at,
            "self.type != 'Import' || has(self.file)",
            "source `Import` needs `file`: the file made by `wsusutil export`",
        )
        .help("add `file`, such as `file: export.cab`")
        .field(".file")
        .required(),
        Rule::new(
            at,
            "self.type != 'Import' || !has(self.file) || self.file.trim() != ''",
            "`file` is empty",
        )
        .help("write the path of the file")
        .field(".file"),
        Rule::new(
            at,
            "self.type == 'Import' || !has(self.file)",
            "source `<<self.type>>` has no `file`",
        )
        .help("remove it, or write `type: Import`")
        .field(".file")
        .forbidden(),
    ]
}
