//! Sites in which the same is done are told once, so that a plan for hundreds of sites can be read.

use std::collections::BTreeMap;

use crate::{
    model::{Kind, SiteCode},
    plan::ActionKind,
    view::{counted, plain::add},
};

use super::fold::{Entry, FOLDED_FROM};

/// What is done in a site, without the names: which actions, on how many resources, and what fields
/// they change.
type Alike<'a> = Vec<(ActionKind, Kind, &'a str, usize, Vec<&'a str>)>;

/// The part of a plan for a site.
pub(super) struct Section<'a> {
    pub(super) code: &'a SiteCode,
    pub(super) entries: Vec<Entry<'a>>,
    pub(super) text: String,
}

/// The sections as one text, each in its place; those of sites that are alike another one are told
/// in a line behind that. What is removed is always told.
pub(super) fn folded(sections: &[Section<'_>]) -> String {
    let mut alike: BTreeMap<Alike<'_>, Vec<usize>> = BTreeMap::new();
    for (number, section) in sections.iter().enumerate() {
        let mut all = section.entries.iter().flat_map(|entry| &entry.actions);
        if !all.any(|action| action.kind.removes()) {
            alike.entry(signature(&section.entries)).or_default().push(number);
        }
    }
    let mut told: Vec<Option<String>> = sections.iter().map(|it| Some(it.text.clone())).collect();
    for numbers in alike.into_values().filter(|numbers| numbers.len() >= FOLDED_FROM) {
        let (first, others) = (numbers[0], &numbers[1..]);
        for other in others {
            told[*other] = None;
        }
        let codes: Vec<&SiteCode> = others.iter().map(|other| sections[*other].code).collect();
        if let ([from, .., to], Some(text)) = (codes.as_slice(), &mut told[first]) {
            let (like, more) = (sections[first].code, counted(others.len(), "more site"));
            add(
                text,
                format_args!(
                    "Sites {from} … {to}: as in site {like}, in {more}, each with its own names; \
                     `--full` or `--site CODE` shows them\n\n"
                ),
            );
        }
    }
    told.into_iter().flatten().collect()
}

fn signature<'a>(entries: &[Entry<'a>]) -> Alike<'a> {
    let of_entry = |entry: &Entry<'a>| {
        let first = entry.actions[0];
        let fields = first.diff.iter().map(|field| field.path.as_str()).collect();
        let requirement = first.requirement.as_str();
        (first.kind, first.resource.kind, requirement, entry.actions.len(), fields)
    };
    entries.iter().map(of_entry).collect()
}
