//! The actions of a plan: which may begin, and what follows when one has ended. As `apply` does it,
//! so many go on at a time, and what comes after something that was not done waits for the next
//! pass.

use std::collections::{BTreeMap, BTreeSet};

use jiff::SignedDuration;

use super::{events::Event, run::World};
use crate::{
    model::Name,
    plan::{Action, ActionId, ActionKind, Plan},
    simulate::numbers::{short, whole},
};

/// How long after one pass the next one begins, as `up` and `controller` do unless told otherwise.
pub(super) const PAUSE: SignedDuration = SignedDuration::from_secs(30);

/// To how many points together actions bring content that only follow what these pull, as `apply`
/// has it.
const FOLLOWED_AT_ONCE: usize = 10_000;

/// What an action does.
#[derive(Debug, Clone)]
pub(super) enum Work {
    /// Nothing that takes time here.
    Nothing,
    /// A package's source into the content library of its site.
    Take(u32),
    /// A package to distribution points.
    Bring(u32, Vec<u32>),
}

/// An action.
#[derive(Debug, Clone)]
pub(super) struct ActionPlace {
    pub(super) work: Work,
    /// How many others it still comes after.
    pub(super) missing: usize,
    pub(super) followers: Vec<u32>,
    /// Transfers that it waits for, and those that were not done when it stopped waiting.
    pub(super) unsettled: usize,
    pub(super) undone: usize,
    /// Those that are sent to and wait for their place.
    pub(super) to_send: Vec<u32>,
    pub(super) sending: usize,
    /// Whether its package has a place among those that its site sends.
    pub(super) has_place: bool,
    /// Whether it only follows what points pull, and how many.
    follows: bool,
    points: usize,
}

/// All actions.
#[derive(Debug, Default)]
pub(super) struct Actions {
    pub(super) all: Vec<ActionPlace>,
    ready: BTreeSet<u32>,
    /// The same for those that only follow what points pull.
    ready_to_follow: BTreeSet<u32>,
    running: usize,
    at_once: usize,
    /// How many points those that follow follow together.
    followed: usize,
    /// The actions of packages that are released later, by package.
    held: Vec<Vec<u32>>,
}

impl ActionPlace {
    pub(super) fn new(work: Work) -> Self {
        Self {
            work,
            missing: 0,
            followers: Vec::new(),
            unsettled: 0,
            undone: 0,
            to_send: Vec::new(),
            sending: 0,
            has_place: false,
            follows: false,
            points: 0,
        }
    }
}

impl Actions {
    /// Those of a plan.
    pub(super) fn of(
        plan: &Plan,
        packages: &BTreeMap<Name, u32>,
        points: &BTreeMap<Name, u32>,
        at_once: usize,
    ) -> Self {
        let mut numbers = Numbers::of(plan);
        let work = |action: &Action| {
            let content = [ActionKind::DistributeContent, ActionKind::UpdateContent];
            match packages.get(&action.resource.name) {
                Some(package) if content.contains(&action.kind) => {
                    let places = action.targets.iter().filter_map(|it| points.get(it).copied());
                    if action.targets.is_empty() {
                        Work::Take(*package)
                    } else {
                        Work::Bring(*package, places.collect())
                    }
                }
                _ => Work::Nothing,
            }
        };
        let mut all: Vec<_> = plan.actions.iter().map(|it| ActionPlace::new(work(it))).collect();
        for (number, action) in plan.actions.iter().enumerate() {
            for before in action.after.iter().filter_map(|id| numbers.find(id)) {
                all[before].followers.push(short(number));
                all[number].missing += 1;
            }
        }
        Self { all, at_once, ..Self::default() }
    }

    /// The same work without the order of a plan: a package goes to all at once when it is there.
    pub(super) fn at_once(plan: Self) -> Self {
        let mut brought: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
        let mut taken = BTreeSet::new();
        for action in plan.all {
            match action.work {
                Work::Take(package) => drop(taken.insert(package)),
                Work::Bring(package, mut places) => {
                    brought.entry(package).or_default().append(&mut places);
                }
                Work::Nothing => {}
            }
        }
        let mut all: Vec<ActionPlace> = Vec::new();
        for (package, places) in brought {
            let mut bring = ActionPlace::new(Work::Bring(package, places));
            if taken.contains(&package) {
                bring.missing = 1;
                let mut take = ActionPlace::new(Work::Take(package));
                take.followers.push(short(all.len() + 1));
                all.push(take);
            }
            all.push(bring);
        }
        Self { all, at_once: usize::MAX, ..Self::default() }
    }

    /// Those that bring content only to points that pull it follow what these do.
    pub(super) fn follow(&mut self, pulls: impl Fn(u32) -> bool) {
        for action in &mut self.all {
            if let Work::Bring(_, places) = &action.work {
                action.points = places.len();
                action.follows = !places.is_empty() && places.iter().all(|it| pulls(*it));
            }
        }
    }

    /// What has to do with packages that are released later waits for that, of so many packages; what
    /// comes after nothing may begin.
    pub(super) fn get_ready(&mut self, later: &[bool]) {
        self.held = vec![Vec::new(); later.len()];
        for (number, action) in self.all.iter_mut().enumerate() {
            if let Work::Take(package) | Work::Bring(package, _) = &action.work
                && later[*package as usize]
            {
                action.missing += 1;
                self.held[*package as usize].push(short(number));
            }
        }
        let ready = self.all.iter().enumerate().filter(|(_, it)| it.missing == 0);
        let (follow, ready): (Vec<_>, Vec<_>) = ready.partition(|(_, it)| it.follows);
        self.ready = ready.into_iter().map(|(number, _)| short(number)).collect();
        self.ready_to_follow = follow.into_iter().map(|(number, _)| short(number)).collect();
    }

    fn begin(&mut self, number: u32) {
        let action = &self.all[number as usize];
        if action.follows {
            self.followed += action.points;
        } else {
            self.running += 1;
        }
    }

    fn end(&mut self, number: u32) {
        let action = &self.all[number as usize];
        if action.follows {
            self.followed = self.followed.saturating_sub(action.points);
        } else {
            self.running = self.running.saturating_sub(1);
        }
    }

    /// One thing less that an action comes after.
    pub(super) fn lessen(&mut self, number: u32) {
        let action = &mut self.all[number as usize];
        action.missing = action.missing.saturating_sub(1);
        if action.missing == 0 {
            self.may_begin(number);
        }
    }

    /// An action may begin when there is a place for it.
    pub(super) fn may_begin(&mut self, number: u32) {
        let follows = self.all[number as usize].follows;
        let ready = if follows { &mut self.ready_to_follow } else { &mut self.ready };
        ready.insert(number);
    }
}

/// The numbers of actions by their identities.
struct Numbers<'a> {
    all: Vec<(&'a ActionId, usize)>,
    /// Where the next one stands, if they are looked for in their order: as actions name those that
    /// they come after.
    next: usize,
}

impl<'a> Numbers<'a> {
    fn of(plan: &'a Plan) -> Self {
        let all = plan.actions.iter().enumerate().map(|(number, it)| (&it.id, number));
        let mut all: Vec<_> = all.collect();
        all.sort();
        Self { all, next: 0 }
    }

    fn find(&mut self, id: &ActionId) -> Option<usize> {
        let is_next = self.all.get(self.next).is_some_and(|(it, _)| *it == id);
        let place = if is_next {
            self.next
        } else {
            self.all.binary_search_by_key(&id, |(it, _)| *it).ok()?
        };
        self.next = place + 1;
        Some(self.all[place].1)
    }
}

impl World<'_> {
    /// Goes on with everything that can go on at this moment. One after the other: who goes on may make
    /// others go on, and there may be many of them.
    pub(super) fn pump(&mut self) {
        loop {
            if let Some((package, source)) = self.woken.pop_front() {
                self.tell_watchers(package, source);
            } else if let Some(point) = self.freed.pop_front() {
                self.next_turns(point);
            } else if let Some(action) = self.sends.pop_front() {
                self.send_more(action);
            } else if !self.begin_next() {
                return;
            }
        }
    }

    /// Begins what may begin, if anything may.
    fn begin_next(&mut self) -> bool {
        let mut next = None;
        if self.actions.running < self.actions.at_once {
            next = self.actions.ready.pop_first();
        }
        if next.is_none() && self.actions.followed < FOLLOWED_AT_ONCE {
            next = self.actions.ready_to_follow.pop_first();
        }
        if let Some(number) = next
            && !self.waits_for_window(number)
        {
            self.begin_action(number);
        }
        next.is_some()
    }

    fn begin_action(&mut self, number: u32) {
        let work = match &mut self.actions.all[number as usize].work {
            // The places are needed this once only.
            Work::Bring(package, places) => Work::Bring(*package, std::mem::take(places)),
            other => other.clone(),
        };
        match work {
            Work::Nothing => self.follow(number),
            Work::Take(package) => {
                self.actions.begin(number);
                let place = &self.packages[package as usize];
                let disk = self.ground.machines[place.server as usize].disk;
                let at = self.now.plus_seconds(place.bytes / disk);
                self.events.add(at, Event::Taken { action: number });
            }
            Work::Bring(package, places) => {
                self.actions.begin(number);
                let (pulls, sends): (Vec<u32>, Vec<u32>) =
                    places.into_iter().partition(|it| self.points[*it as usize].pulls);
                let action = &mut self.actions.all[number as usize];
                action.unsettled = pulls.len() + sends.len();
                action.to_send = sends;
                // The last one of a list is the quickest to take.
                action.to_send.reverse();
                if action.unsettled == 0 {
                    return self.end_action(number);
                }
                for point in pulls {
                    self.begin_pull(package, point, number);
                }
                self.sends.push_back(number);
            }
        }
    }

    /// A package has been taken in.
    pub(super) fn taken(&mut self, action: u32) {
        if let Work::Take(package) = self.actions.all[action as usize].work {
            self.packages[package as usize].taken = self.now;
        }
        self.end_action(action);
    }

    /// An action waits for one transfer less.
    pub(super) fn settled(&mut self, action: u32, done: bool) {
        let it = &mut self.actions.all[action as usize];
        it.unsettled = it.unsettled.saturating_sub(1);
        if !done {
            it.undone += 1;
        }
        if it.unsettled == 0 {
            self.end_action(action);
        }
    }

    fn end_action(&mut self, number: u32) {
        self.actions.end(number);
        if self.actions.all[number as usize].undone > 0 {
            self.events.add(self.now.plus(PAUSE), Event::NextPass { action: number });
        } else {
            self.follow(number);
        }
    }

    /// The next pass goes on where one was not done.
    pub(super) fn next_pass(&mut self, action: u32) {
        self.follow(action);
    }

    fn follow(&mut self, number: u32) {
        for follower in std::mem::take(&mut self.actions.all[number as usize].followers) {
            self.actions.lessen(follower);
        }
    }

    /// A package is released: what has to do with it comes after one thing less.
    pub(super) fn release(&mut self, package: u32) {
        for action in std::mem::take(&mut self.actions.held[package as usize]) {
            self.actions.lessen(action);
        }
    }

    /// How long it is since the release of a package, in milliseconds.
    pub(super) fn took(&self, package: u32) -> u32 {
        let seconds = self.now.seconds_since(self.packages[package as usize].released);
        u32::try_from(whole(seconds * 1e3)).unwrap_or(u32::MAX)
    }
}
