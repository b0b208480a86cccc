//! Plans that nobody would make: any kinds, any texts, any order.

use headwater::{
    model::{Digest, Kind, Name, ResourceId, Written},
    plan::{
        Action, ActionId, ActionKind, FORMAT_VERSION, FieldChange, Found, Plan, PlanDiagnostic,
        Summary, Waiting,
    },
};
use proptest::{collection::vec, option, prelude::*, sample::select};
use serde_json::{Value, json};

/// Texts that try to be more than texts.
pub(super) fn texts() -> impl Strategy<Value = String> {
    const PARTS: &[&str] = &[
        "`",
        "``",
        "```",
        "````diff",
        "~~~",
        "<details>",
        "</details>",
        "</summary>",
        "<script>",
        "<!--",
        "-->",
        "<b>",
        "@ada",
        "#12",
        "GH-12",
        "ada/repository#1",
        "http://a.example",
        "www.a.example",
        "ada@a.example",
        "|",
        "\n",
        "\r\n",
        "\n\n",
        "\t",
        "- ",
        "1. ",
        "# ",
        "> ",
        "*",
        "**",
        "_",
        "[a](http://b)",
        "![a](b)",
        "[^1]",
        "&lt;",
        "\\",
        ":tada:",
        "$a$",
        "---",
        "===",
        "\u{1b}[31m",
        "\u{202e}",
        "\u{200b}",
        "\u{2028}",
        " ",
        "    ",
        "word",
        "Zürich",
        "…",
        "it does not exist yet",
        "`a`",
        "(PDP-9)",
        "8530:",
        "\0",
    ];
    prop_oneof![
        4 => vec(select(PARTS), 0..8).prop_map(|parts| parts.concat()),
        1 => any::<String>(),
        1 => (select(PARTS), 200..3_000_usize).prop_map(|(part, times)| part.repeat(times)),
    ]
}

fn names() -> impl Strategy<Value = Name> {
    "[a-c]{1,2}(-[0-9]{1,2})?".prop_map(|text| text.parse().unwrap())
}

fn resources() -> impl Strategy<Value = ResourceId> {
    (select(Kind::ALL.as_slice()), names()).prop_map(|(kind, name)| ResourceId::new(kind, &name))
}

fn values() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<u16>().prop_map(Value::from),
        texts().prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 24, 6, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..6).prop_map(Value::from),
            (texts(), inner).prop_map(|(key, value)| json!({ key: value })),
        ]
    })
}

fn changes() -> impl Strategy<Value = FieldChange> {
    let paths = prop_oneof![
        3 => "[a-d]{1,3}(\\.[a-d]{1,2}){0,3}",
        1 => texts(),
        1 => Just(".".repeat(5_000)),
    ];
    let written = (resources(), texts(), texts(), any::<(usize, usize)>(), option::of(texts()));
    let written = written.prop_map(|(resource, field, file, (line, column), default)| Written {
        resource,
        field,
        file,
        line,
        column,
        default,
    });
    let since = option::of(any::<i32>()).prop_map(|second| {
        second.map(|second| jiff::Timestamp::from_second(second.into()).unwrap())
    });
    let found = (names(), texts(), since);
    let found = found.prop_map(|(site_system, at, since)| Found { site_system, at, since });
    (paths, values(), values(), vec(written, 0..5), option::of(found)).prop_map(
        |(path, before, after, written, found)| FieldChange { path, before, after, written, found },
    )
}

fn actions() -> impl Strategy<Value = Action> {
    let requirement = prop_oneof![3 => Just("PDP-5".to_owned()), 1 => texts()];
    (
        select(ActionKind::ALL.as_slice()),
        resources(),
        select(vec!["CEN", "AMS", "SEA"]),
        requirement,
        texts(),
        vec(names(), 0..3),
        vec(changes(), 0..4),
    )
        .prop_map(|(kind, resource, site, requirement, reason, targets, diff)| Action {
            id: ActionId::from(String::new()),
            kind,
            resource,
            site: site.parse().unwrap(),
            requirement,
            reason,
            after: Vec::new(),
            targets,
            diff,
            only_new: false,
            scheduled: false,
        })
}

/// Any plan whose actions are in order and whose summary counts them.
pub(super) fn plans() -> impl Strategy<Value = Plan> {
    let waiting = (resources(), texts(), any::<bool>());
    let waiting =
        waiting.prop_map(|(resource, on, chosen)| Waiting { resource, on, chosen, until: None });
    let diagnostics = (texts(), texts(), resources());
    let diagnostics = diagnostics.prop_map(|(rule, message, resource)| PlanDiagnostic {
        rule,
        message,
        resource,
    });
    // Some actions come many times, so that they are alike.
    let actions = vec((actions(), prop_oneof![4 => Just(1), 1 => 1..40_usize], texts()), 0..24);
    (actions, vec(waiting, 0..12), vec(diagnostics, 0..12), any::<bool>()).prop_map(
        |(many, waiting, diagnostics, complete)| {
            let mut actions: Vec<Action> = Vec::new();
            for (action, times, id) in many {
                for _ in 0..times {
                    let number = actions.len();
                    let after = actions.iter().rev().take(number % 6).map(|it| it.id.clone());
                    let after = after.collect();
                    let id = ActionId::from(format!("{number}{id}"));
                    actions.push(Action { id, after, ..action.clone() });
                }
            }
            Plan {
                format_version: FORMAT_VERSION.to_string(),
                manifest_digest: Digest::of(b"manifests"),
                observed_digest: Digest::of(b"observed"),
                complete,
                summary: Summary::of(&actions),
                actions,
                waiting,
                diagnostics,
            }
        },
    )
}
