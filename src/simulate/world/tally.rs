//! What is counted while the world goes on.

use std::collections::BTreeMap;

use super::{
    content::PackagePlace,
    job::{Record, WaitKind},
};
use crate::{
    model::{PackageId, StatusMessageId},
    plan::Waiting,
    simulate::{at::At, network::NOBODY},
};

/// The way of one package to one distribution point: its transfers from the last one back.
#[derive(Debug, Clone)]
pub(super) struct Chain {
    pub(super) package: u32,
    pub(super) finished: At,
    pub(super) transfers: Vec<(u32, Record)>,
}

/// All waiting of a kind.
#[derive(Debug, Clone)]
pub(super) struct Waits {
    pub(super) transfers: u64,
    pub(super) total: u64,
    pub(super) longest: u64,
    pub(super) at: u32,
    pub(super) package: PackageId,
}

/// What is counted.
#[derive(Debug)]
pub(super) struct Tally {
    /// The machine from which all is controlled.
    pub(super) controller: u32,
    pub(super) messages: BTreeMap<StatusMessageId, u64>,
    pub(super) cancelled: u64,
    pub(super) sources_left: u64,
    pub(super) waits: BTreeMap<WaitKind, Waits>,
    /// The transfers that led to the one that ended last.
    pub(super) chain: Option<Chain>,
    pub(super) plan_waits: Vec<Waiting>,
}

impl Tally {
    pub(super) fn new(controller: u32, plan_waits: Vec<Waiting>) -> Self {
        Self {
            controller,
            messages: BTreeMap::new(),
            cancelled: 0,
            sources_left: 0,
            waits: BTreeMap::new(),
            chain: None,
            plan_waits,
        }
    }

    /// A status message is kept.
    pub(super) fn message(&mut self, id: StatusMessageId) {
        *self.messages.entry(id).or_default() += 1;
    }

    /// The transfers of a package are over, or nobody looks on any more.
    pub(super) fn conclude(&mut self, number: u32, package: &PackagePlace) {
        for (point, record) in &package.records {
            self.waited(*point, record, package);
        }
        let ended = package.records.iter().filter(|(_, record)| record.finished < At::NEVER);
        let Some(last) = ended.max_by_key(|(_, record)| record.finished) else { return };
        if self.chain.as_ref().is_some_and(|chain| chain.finished >= last.1.finished) {
            return;
        }
        let mut transfers = vec![*last];
        let mut source = last.1.source;
        while source != NOBODY
            && transfers.len() <= package.records.len()
            && let Some(next) = package.records.iter().find(|(point, _)| *point == source)
        {
            transfers.push(*next);
            source = next.1.source;
        }
        self.chain = Some(Chain { package: number, finished: last.1.finished, transfers });
    }

    fn waited(&mut self, point: u32, record: &Record, package: &PackagePlace) {
        for kind in WaitKind::ALL {
            let long = record.waited[kind as usize];
            if long == 0 {
                continue;
            }
            let none = || Waits {
                transfers: 0,
                total: 0,
                longest: 0,
                at: point,
                package: package.id.clone(),
            };
            let waits = self.waits.entry(kind).or_insert_with(none);
            waits.transfers += 1;
            waits.total = waits.total.saturating_add(long);
            if long > waits.longest {
                (waits.longest, waits.at) = (long, point);
                waits.package = package.id.clone();
            }
        }
    }
}
