//! NOTIFICATION: who is told what, and where to: reachable as it is written, and without a secret in
//! the clear.

use super::{Problem, Rule, Severity, declaration::Declaration, document::Document};
use crate::model::{
    CommitStatus, CommitStatusProvider, Email, EventSeverity, FieldPath, Interval, MailSecurity,
    NotificationSpec, Webhook,
};

pub(super) const RULE: Rule = Rule {
    id: "NOTIFICATION",
    severity: Severity::Error,
    summary: "a notification goes where somebody is told of it, no password or token goes over the \
              network in the clear, and a commit status has no filters",
    why: "A notification that cannot be delivered is missed when it would be needed. Tokens may do \
          more than set a status, and whoever reads one on its way has it. The status of a commit is \
          a state and no piece of news: with filters it would be a wrong one.",
    wrong: "\
kind: Notification
metadata: {name: status}
spec:
  to:
    commitStatus: {provider: Gitea, repository: contoso/updates, tokenFile: gitea/token}
",
    right: "\
kind: Notification
metadata: {name: status}
spec:
  to:
    commitStatus:
      provider: Gitea
      url: https://git.contoso.example/api/v1
      repository: contoso/updates
      tokenFile: gitea/token
",
};

/// The most receivers of a mail: who needs more has a list of them at the mail server.
const MOST_RECEIVERS: usize = 50;
/// The most notifications: each keeps a queue of its own.
const MOST: usize = 100;
/// The longest name of a commit status: what all providers take.
const LONGEST_CONTEXT: usize = 100;
/// What lasts is not told more often than this.
const OFTENEST: Interval = Interval::minutes(1);

type Notification<'a> = Document<'a, NotificationSpec>;

pub(super) fn check(declaration: &Declaration<'_>, problems: &mut Vec<Problem>) {
    for (number, document) in declaration.notifications.iter().enumerate() {
        let spec = document.spec();
        if number >= MOST {
            let message = format!("there are more than {MOST} notifications");
            problems.push(document.key(&RULE, "kind", message).help("remove some of them"));
        }
        if spec.repeat_every < OFTENEST {
            let message = "what lasts would be told more often than once a minute";
            let problem = document.value(&RULE, "spec.repeatEvery", message);
            problems.push(problem.help("write `1m` or more"));
        }
        if let Some(webhook) = &spec.to.webhook {
            self::webhook(document, webhook, problems);
        }
        if let Some(email) = &spec.to.email {
            self::email(document, email, problems);
        }
        if let Some(status) = &spec.to.commit_status {
            commit_status(document, status, problems);
        }
    }
}

fn webhook(document: Notification<'_>, webhook: &Webhook, problems: &mut Vec<Problem>) {
    let Some(url) = &webhook.url else { return };
    if !url.is_secure() && !url.is_loopback() {
        let message = format!("what is told goes to `{url}` in the clear");
        let mut problem = document.value(&RULE, "spec.to.webhook.url", message);
        problem.severity = Severity::Warning;
        problems.push(problem.help("use `https://`"));
    }
}

fn email(document: Notification<'_>, email: &Email, problems: &mut Vec<Problem>) {
    let path = |field: &str| FieldPath::new("spec.to.email").key(field);
    if email.to.is_empty() || email.to.len() > MOST_RECEIVERS {
        let message = format!("a mail goes to 1 to {MOST_RECEIVERS} addresses");
        let problem = document.key(&RULE, path("to"), message);
        problems.push(problem.help("list one at least; for many, that of a list of them"));
    }
    let (user, password) = (email.user_file.is_some(), email.password_file.is_some());
    if user != password {
        let (there, missing) =
            if user { ("userFile", "passwordFile") } else { ("passwordFile", "userFile") };
        let message = format!("`{there}` stands there without `{missing}`");
        problems.push(
            document
                .key(&RULE, path(there), message)
                .help(format!("add `{missing}`, or remove it")),
        );
    }
    if user && password && email.tls == MailSecurity::None {
        let message = "the password would go over the network in the clear";
        let problem = document.value(&RULE, path("tls"), message);
        problems.push(problem.help("use `StartTls` or `Tls`"));
    }
}

fn commit_status(document: Notification<'_>, status: &CommitStatus, problems: &mut Vec<Problem>) {
    let path = |field: &str| FieldPath::new("spec.to.commitStatus").key(field);
    match &status.url {
        None if status.provider == CommitStatusProvider::Gitea => {
            let message = "nothing says where Gitea is";
            let problem = document.key(&RULE, path("provider"), message);
            problems.push(problem.help("add `url`, such as `https://git.contoso.example/api/v1`"));
        }
        Some(url) if !url.is_secure() && !url.is_loopback() => {
            let message = "the token would go over the network in the clear";
            problems.push(document.value(&RULE, path("url"), message).help("use `https://`"));
        }
        _ => {}
    }
    let length = status.context.chars().count();
    if !(1..=LONGEST_CONTEXT).contains(&length) || status.context.chars().any(char::is_control) {
        let message = format!("the name of a status has 1 to {LONGEST_CONTEXT} letters");
        let problem = document.value(&RULE, path("context"), message);
        problems.push(problem.help("use a name such as `headwater/production`"));
    }
    let spec = document.spec();
    let filters = [
        ("on", !spec.on.is_empty()),
        ("sites", !spec.sites.is_empty()),
        ("minSeverity", spec.min_severity > EventSeverity::Info),
    ];
    for (field, written) in filters {
        if written {
            let message = format!("a commit status has no `{field}`: it is that of the whole");
            let path = FieldPath::new("spec").key(field);
            problems.push(document.key(&RULE, path, message).help(format!("remove `{field}`")));
        }
    }
}
