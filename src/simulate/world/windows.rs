//! Maintenance windows in virtual time: what may not begin yet waits until one opens, as the
//! controller does it.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use jiff::{SignedDuration, Timestamp};

use super::{
    events::Event,
    judging::seconds,
    run::World,
    synchronizing::{SiteSync, Upstream},
};
use crate::{
    model::{ClosedSite, Hierarchy, Name, SiteCode},
    plan::{Action, ActionId, ActionKind, Plan},
    simulate::{
        at::At,
        numbers::short,
        outcome::{StepKind, Waited, WindowWait},
    },
};

/// The windows of a hierarchy, and what waits for them.
#[derive(Debug)]
pub(super) struct Windows<'a> {
    /// The hierarchy with its windows.
    hierarchy: &'a Hierarchy,
    /// What is to be done, in the order of the plan.
    actions: Arc<[Action]>,
    /// What a true clock shows at the beginning.
    begin: Timestamp,
    /// By how much the clock of the controller is wrong: that one counts.
    skew: SignedDuration,
    /// What was asked about a moment.
    asked: (At, BTreeMap<(SiteCode, ActionKind), Option<ClosedSite>>),
    /// Actions that wait, since when, and why.
    waiting: BTreeMap<u32, (At, ClosedSite)>,
    /// Synchronizations that were told to wait for an opening.
    syncs: BTreeSet<(SiteCode, Option<Timestamp>)>,
    /// How many waited for what, and since when.
    waits: BTreeMap<Wait, (usize, At)>,
    /// Until when actions waited, and from when on.
    held: BTreeMap<u32, (At, At)>,
}

/// What is waited for: a kind of action at a site, and the window that opens next, if one does.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Wait {
    site: SiteCode,
    kind: ActionKind,
    next: Option<(Timestamp, Name)>,
}

impl<'a> Windows<'a> {
    /// Those of a hierarchy; none if it has none.
    pub(super) fn of(
        hierarchy: &'a Hierarchy,
        plan: &Plan,
        begin: Timestamp,
        skew: SignedDuration,
    ) -> Option<Self> {
        (!hierarchy.maintenance_windows.is_empty()).then(|| Self {
            hierarchy,
            actions: plan.actions.clone().into(),
            begin,
            skew,
            asked: (At::BEGIN, BTreeMap::new()),
            waiting: BTreeMap::new(),
            syncs: BTreeSet::new(),
            waits: BTreeMap::new(),
            held: BTreeMap::new(),
        })
    }

    /// Why an action may not begin at a moment; none if it may.
    fn closed(&mut self, now: At, site: &SiteCode, kind: ActionKind) -> Option<ClosedSite> {
        let (moment, known) = &mut self.asked;
        if *moment != now {
            (*moment, *known) = (now, BTreeMap::new());
        }
        let time = || {
            let time = now.timestamp(self.begin).saturating_add(self.skew);
            time.unwrap_or(Timestamp::MAX)
        };
        let look = || self.hierarchy.windows_at(time()).closed(site, kind);
        known.entry((site.clone(), kind)).or_insert_with(look).clone()
    }

    /// When a site may be changed again; never, perhaps.
    fn opening(&self, closed: &ClosedSite) -> At {
        let opening = closed.next.as_ref().and_then(|(_, at)| at.checked_sub(self.skew).ok());
        opening.map_or(At::NEVER, |at| At::of(at, self.begin))
    }

    fn count(&mut self, closed: &ClosedSite, now: At) {
        let next = closed.next.as_ref().map(|(name, at)| (*at, name.clone()));
        let wait = Wait { site: closed.site.clone(), kind: closed.kind, next };
        self.waits.entry(wait).or_insert((0, now)).0 += 1;
    }

    /// When the synchronization of a point that the plan asks for could begin, if nothing but windows held
    /// up what comes before it.
    pub(super) fn first_synchronization(&mut self, point: &Name) -> At {
        let actions = Arc::clone(&self.actions);
        let mut begins: BTreeMap<&ActionId, At> = BTreeMap::new();
        for action in actions.iter() {
            let before = action.after.iter().filter_map(|before| begins.get(before));
            let at = before.copied().max().unwrap_or(At::BEGIN);
            if synchronizes(action) && action.resource.name == *point {
                return at;
            }
            let closed =
                if at < At::NEVER { self.closed(at, &action.site, action.kind) } else { None };
            begins.insert(&action.id, closed.map_or(at, |closed| self.opening(&closed)));
        }
        At::BEGIN
    }

    /// What is latest of an action and of all that it comes after, for the first action that is wanted.
    fn latest<T: Ord + Copy>(
        &self,
        own: impl Fn(u32) -> Option<T>,
        wanted: impl Fn(&Action) -> bool,
    ) -> Option<T> {
        let mut all: BTreeMap<&ActionId, T> = BTreeMap::new();
        for (number, action) in self.actions.iter().enumerate() {
            let before = action.after.iter().filter_map(|before| all.get(before).copied());
            let Some(latest) = before.chain(own(short(number))).max() else { continue };
            if wanted(action) {
                return Some(latest);
            }
            all.insert(&action.id, latest);
        }
        None
    }

    /// Why a package does not go on, if it or what comes before it waits.
    pub(super) fn why(&self, package: &Name) -> Option<String> {
        let own = |number| self.waiting.get(&number).map(|(since, _)| (*since, number));
        let (_, number) = self.latest(own, |action| brings(action, package))?;
        self.waiting.get(&number).map(|(_, closed)| closed.to_string())
    }

    /// What no window ever lets begin, but for synchronizations: what it is, and why.
    pub(super) fn never(&self) -> Vec<(String, String)> {
        let never = self.waiting.iter().filter(|(_, (_, closed))| closed.next.is_none());
        never
            .filter_map(|(action, (_, closed))| {
                let action = self.actions.get(*action as usize)?;
                (!synchronizes(action)).then(|| (action.id.to_string(), closed.to_string()))
            })
            .collect()
    }

    /// All waiting, in the order in which it began.
    pub(super) fn outcome(&self) -> Vec<WindowWait> {
        let mut waits: Vec<WindowWait> = self
            .waits
            .iter()
            .map(|(Wait { site, kind, next }, (actions, since))| WindowWait {
                site: site.clone(),
                kind: *kind,
                actions: *actions,
                from: seconds(*since),
                window: next.as_ref().map(|(_, name)| name.clone()),
                opens_at: next.as_ref().map(|(at, _)| *at),
            })
            .collect();
        waits.sort_by(|one, other| one.from.total_cmp(&other.from));
        waits
    }

    /// A span of the way of a package, to a distribution point or into the library of its site: what it
    /// waited for a window, and the rest.
    pub(super) fn steps(
        &self,
        (package, point): (&Name, Option<&Name>),
        (from, to): (At, At),
        rest: StepKind,
    ) -> Vec<(At, At, StepKind)> {
        let goes_there = |action: &Action| {
            let there = point.map_or(action.targets.is_empty(), |it| action.targets.contains(it));
            there && brings(action, package)
        };
        let held = self.latest(|number| self.held.get(&number).copied(), goes_there);
        let Some((until, since)) = held.filter(|(until, since)| *since < to && *until > from)
        else {
            return vec![(from, to, rest)];
        };
        let (since, until) = (since.max(from), until.min(to));
        vec![
            (from, since, StepKind::Planned),
            (since, until, StepKind::Waited(Waited::Window)),
            (until, to, rest),
        ]
    }
}

/// Whether an action brings a package somewhere.
fn brings(action: &Action, package: &Name) -> bool {
    let content = [ActionKind::DistributeContent, ActionKind::UpdateContent];
    content.contains(&action.kind) && action.resource.name == *package
}

/// Whether an action synchronizes an update point. The sites do that by themselves.
fn synchronizes(action: &Action) -> bool {
    matches!(action.kind, ActionKind::Synchronize | ActionKind::ImportUpdates)
}

impl World<'_> {
    /// Whether an action has to wait for a window: then it is looked at again when one opens.
    pub(super) fn waits_for_window(&mut self, number: u32) -> bool {
        let now = self.now;
        let Some(windows) = &mut self.windows else { return false };
        let actions = Arc::clone(&windows.actions);
        let Some(action) = actions.get(number as usize) else { return false };
        if let Some(closed) = windows.closed(now, &action.site, action.kind) {
            let at = windows.opening(&closed);
            // Those are counted where their site waits.
            if !synchronizes(action) {
                windows.count(&closed, now);
            }
            let since = windows.waiting.get(&number).map_or(now, |(since, _)| *since);
            windows.waiting.insert(number, (since, closed));
            self.events.add(at, Event::WindowOpens { action: number });
            return true;
        }
        if let Some((since, _)) = windows.waiting.remove(&number) {
            windows.held.insert(number, (now, since));
        }
        false
    }

    /// When a site may synchronize, if not now: never, perhaps.
    pub(super) fn sync_waits(&mut self, site: u32) -> Option<At> {
        let windows = self.windows.as_mut()?;
        let it = self.syncs[site as usize].as_mut()?;
        let code = &self.ground.sites[site as usize];
        let closed = windows.closed(self.now, code, kind(it))?;
        let opening = windows.opening(&closed);
        it.why = closed.to_string();
        if windows.syncs.insert((code.clone(), closed.next.as_ref().map(|(_, at)| *at))) {
            windows.count(&closed, self.now);
        }
        Some(opening)
    }
}

/// What a site does when it synchronizes.
fn kind(it: &SiteSync) -> ActionKind {
    match it.active.upstream {
        Upstream::File => ActionKind::ImportUpdates,
        _ => ActionKind::Synchronize,
    }
}
