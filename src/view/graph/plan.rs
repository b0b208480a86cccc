//! A plan as a diagram: what has to be done, after what, and the way that takes longest.

use std::collections::BTreeMap;

use crate::{
    model::SiteCode,
    plan::{Action, ActionKind, Plan},
};

use super::{
    super::{
        counted,
        diagram::{
            Arrangement, Diagram, Direction, Edge, EdgeStyle, Group, Line, Node, NodeId, Shape,
            Stroke, Tone,
        },
        sign,
    },
    dependencies::{Dependencies, WEIGHTS, weight},
    steps::{Step, Steps, on_path},
};

/// One has to wait for the other.
const AFTER: EdgeStyle = EdgeStyle::new(Tone::Neutral, Stroke::Solid);
/// The same on the critical path.
const CRITICAL: EdgeStyle = EdgeStyle::new(Tone::Violet, Stroke::Solid).heavy();

/// A plan as a diagram of what has to wait for what; with `about`, only the actions of that site and
/// those right before and after them.
pub fn plan_diagram(plan: &Plan, about: Option<&SiteCode>, direction: Direction) -> Diagram {
    let dependencies = Dependencies::of(plan);
    let path = dependencies.critical_path(|number| weight(plan.actions[number].kind));
    let steps = Steps::of(plan, &dependencies, &path.actions, about);
    let title = match about {
        None => format!("Plan: {}", counted(plan.actions.len(), "action")),
        Some(site) => {
            let own = plan.actions.iter().filter(|action| action.site == *site).count();
            format!("Plan for site {site}: {}", counted(own, "action"))
        }
    };
    let mut diagram = Diagram::new(&title, Arrangement::Layered, direction);
    describe(&mut diagram, plan, path.actions.len(), path.weight);
    let lanes = steps.lanes.iter().map(|sites| diagram.add_group(lane(sites, about)));
    let lanes: Vec<_> = lanes.collect();
    let mut nodes: Vec<NodeId> = Vec::new();
    for step in &steps.all {
        let node = node(plan, step, path.actions.len()).inside(lanes[step.lane]);
        nodes.push(diagram.add_node(node));
    }
    for (number, after) in steps.dependencies.after.iter().enumerate() {
        for &earlier in after {
            let critical = on_path(&steps.all[earlier], &steps.all[number]);
            let style = if critical { CRITICAL } else { AFTER };
            diagram.add_edge(Edge::new(nodes[earlier], nodes[number], style));
        }
    }
    explain(&mut diagram, plan, &steps, about);
    diagram
}

fn describe(diagram: &mut Diagram, plan: &Plan, on_path: usize, weight: u64) {
    if plan.actions.is_empty() {
        return diagram.describe("Nothing has to be done.");
    }
    diagram.describe(&format!(
        "What has to be done, and after what. However much is done at once, the {} on the critical \
         path follow each other.",
        counted(on_path, "action")
    ));
    diagram.note(&format!(
        "The critical path is the one with the largest weight, here {weight}: {WEIGHTS}. How long \
         an action really takes is not known before."
    ));
}

fn lane(sites: &[SiteCode], about: Option<&SiteCode>) -> Group {
    match sites {
        [site] => {
            let group = Group::new(site.as_str(), &format!("Site {site}"));
            if about == Some(site) { group.heavy() } else { group }
        }
        sites => {
            let first = sites.first().map_or("", SiteCode::as_str);
            let last = sites.last().map_or("", SiteCode::as_str);
            let group = Group::new(format!("{first}+"), &counted(sites.len(), "site"));
            group.detail(&format!("{first} … {last}"))
        }
    }
}

fn node(plan: &Plan, step: &Step, path: usize) -> Node {
    let actions: Vec<&Action> = step.actions.iter().map(|number| &plan.actions[*number]).collect();
    let (sign, kind) = (sign(step.kind), step.kind);
    let Some((first, last)) = actions.first().zip(actions.last()) else {
        return Node::new("", Shape::Box);
    };
    let many = actions.len() > 1;
    let shape = match (step.context, many) {
        (true, _) => Shape::Elsewhere,
        (false, true) => Shape::Stack,
        (false, false) => Shape::Box,
    };
    let mut node = Node::new(first.id.to_string(), shape).tone(tone(sign));
    if many {
        node = node
            .line(Line::title(&format!("{sign} {kind} × {}", actions.len())))
            .line(Line::name(&format!("{} … {}", first.resource.name, last.resource.name)));
    } else {
        node = node
            .line(Line::title(&format!("{sign} {kind}")))
            .line(Line::name(first.resource.name.as_str()));
        if let Some(words) = target_words(first) {
            node = node.line(Line::text(&words));
        }
    }
    match step.critical {
        Some(place) => node.badge(&format!("{place} of {path}")).heavy(),
        None => node,
    }
}

/// Where an action is done, if its resource does not say it.
fn target_words(action: &Action) -> Option<String> {
    let content = matches!(
        action.kind,
        ActionKind::DistributeContent
            | ActionKind::UpdateContent
            | ActionKind::ValidateContent
            | ActionKind::RemoveContent
    );
    match &action.targets[..] {
        [] => content.then(|| format!("at the site server of {}", action.site)),
        [target] if *target == action.resource.name => None,
        [target] => Some(format!("{} {target}", if content { "at" } else { "on" })),
        [first, second] if content => Some(format!("at {first}, {second}")),
        targets => Some(format!("at {}", counted(targets.len(), "distribution point"))),
    }
}

fn tone(sign: char) -> Tone {
    match sign {
        '+' => Tone::Green,
        '-' => Tone::Red,
        '~' => Tone::Amber,
        '>' => Tone::Blue,
        _ => Tone::Neutral,
    }
}

fn explain(diagram: &mut Diagram, plan: &Plan, steps: &Steps, about: Option<&SiteCode>) {
    if plan.actions.is_empty() {
        return;
    }
    diagram.explain_edge(AFTER, None, "has to be done before");
    diagram.explain_edge(CRITICAL, None, "the same on the critical path");
    let words = [
        ('+', "+ makes"),
        ('~', "~ changes"),
        ('>', "> moves metadata or content"),
        ('?', "? looks"),
        ('-', "- removes"),
    ];
    let mut signs = BTreeMap::new();
    for step in &steps.all {
        *signs.entry(sign(step.kind)).or_insert(0) += step.actions.len();
    }
    for (sign, words) in words {
        if signs.contains_key(&sign) {
            diagram.explain_node(Shape::Box, tone(sign), false, words);
        }
    }
    if steps.all.iter().any(|step| step.context) {
        diagram.explain_node(Shape::Elsewhere, Tone::Neutral, false, "at another site");
    }
    let together: usize =
        steps.all.iter().map(|step| step.actions.len()).filter(|count| *count > 1).sum();
    if together > 0 {
        diagram.explain_node(Shape::Stack, Tone::Neutral, false, "× several at once");
        let more = if about.is_none() { "`--site CODE` shows more of a site, " } else { "" };
        diagram.note(&format!(
            "{} of one kind that can be done at the same time are drawn together: {more}`headwater \
             show --full` all of them.",
            counted(together, "action")
        ));
    }
    if !plan.waiting.is_empty() {
        diagram.note(&format!(
            "{} of the hierarchy wait and are not in the plan: `headwater show` says for what.",
            counted(plan.waiting.len(), "resource")
        ));
    }
}
