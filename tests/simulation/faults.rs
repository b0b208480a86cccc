//! What goes wrong, when, and for how long: a seed decides.

use std::{
    fmt,
    fs::{self, OpenOptions},
    os::unix::fs::FileExt,
    path::Path,
    time::Duration,
};

use simulated_machine::{Disk, Failing};

use super::{
    chance::Chance,
    hierarchy::{CONTROLLER, SYSTEMS, ip},
    network::{Crash, Links, Network},
    programs::Place,
};

/// Faults are over after this time.
pub(crate) const OVER: Duration = Duration::from_mins(30);

/// One fault.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Fault {
    /// Nothing gets through between two computers.
    Partition(&'static str, &'static str),
    /// Nothing gets from one to the other.
    OneWay(&'static str, &'static str),
    /// A computer reaches nobody.
    Alone(&'static str),
    /// Everything between two takes so many milliseconds more.
    Delay(&'static str, &'static str, u64),
    /// So many bytes a second get through between two.
    Slow(&'static str, &'static str, u64),
    /// Connections of a computer are reset.
    Reset(&'static str),
    /// The program is killed after so many of its steps.
    KillAtStep(&'static str, u64),
    /// The power goes before that change of the disk.
    PowerAtWrite(&'static str, u64),
    /// The power goes now.
    Power(&'static str),
    /// The disk is full.
    Full(&'static str),
    /// One call of the disk in so many fails.
    Failing(&'static str, u64),
    /// Bits of files that are served change on the disk.
    Damage(&'static str),
    /// The clock is wrong by so many seconds.
    Clock(&'static str, i64),
}

/// A fault and its time.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Planned {
    pub(crate) at: Duration,
    /// When it is over, where it does not end by itself.
    pub(crate) until: Duration,
    pub(crate) fault: Fault,
}

impl fmt::Display for Planned {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:?} for {} s", self.fault, self.until.saturating_sub(self.at).as_secs())
    }
}

/// The faults of a seed, in the order of their times. People change what is wanted at `changes`.
pub(crate) fn planned(chance: &mut Chance, changes: &[Duration]) -> Vec<Planned> {
    let count = 2 + chance.below(12);
    let mut all: Vec<_> = (0..count).map(|_| one(chance, changes)).collect();
    all.sort_by_key(|planned| planned.at);
    all
}

/// Most meet what is being built up or has just been changed: at other times little goes on.
fn one(chance: &mut Chance, changes: &[Duration]) -> Planned {
    let soon = Duration::from_millis(chance.below(4_000));
    let at = match chance.below(8) {
        0 => Duration::from_secs(5 + chance.below(OVER.as_secs() - 60)),
        1..=3 => soon,
        _ => changes.get(index(chance, changes.len())).copied().unwrap_or_default() + soon,
    };
    let lasts = Duration::from_secs([1, 30, 600][index(chance, 3)] + chance.below(60));
    let computer = |chance: &mut Chance| {
        let which = index(chance, SYSTEMS.len() + 1);
        SYSTEMS.get(which).copied().unwrap_or(CONTROLLER)
    };
    let (a, b) = (computer(chance), computer(chance));
    let fault = match chance.below(15) {
        0 => Fault::Partition(a, b),
        1 => Fault::OneWay(a, b),
        2 => Fault::Alone(a),
        3 => Fault::Delay(a, b, 100 + chance.below(5_000)),
        4 => Fault::Slow(a, b, 1_000 + chance.below(50_000)),
        5 => Fault::Reset(a),
        6..=8 => Fault::KillAtStep(a, 1 + chance.below(2_000)),
        9 | 10 => Fault::PowerAtWrite(a, 1 + chance.below(200)),
        11 => Fault::Power(a),
        12 => Fault::Full(a),
        13 => match chance.below(2) {
            0 => Fault::Failing(a, 2 + chance.below(40)),
            _ => Fault::Damage(["ams", "ams-dp", "lis-dp"][index(chance, 3)]),
        },
        _ => {
            let hour = i64::try_from(chance.below(7_200)).unwrap_or_default() - 3_600;
            Fault::Clock(a, hour)
        }
    };
    Planned { at, until: (at + lasts).min(OVER), fault }
}

fn index(chance: &mut Chance, end: usize) -> usize {
    usize::try_from(chance.below(end as u64)).unwrap_or_default()
}

impl Fault {
    /// The computer that it is about.
    fn computer(self) -> &'static str {
        match self {
            Self::Partition(a, _)
            | Self::OneWay(a, _)
            | Self::Alone(a)
            | Self::Delay(a, ..)
            | Self::Slow(a, ..)
            | Self::Reset(a)
            | Self::KillAtStep(a, _)
            | Self::PowerAtWrite(a, _)
            | Self::Power(a)
            | Self::Full(a)
            | Self::Failing(a, _)
            | Self::Damage(a)
            | Self::Clock(a, _) => a,
        }
    }

    /// Brings it about.
    pub(crate) async fn begin(self, network: &Network, places: &mut [Place], chance: &mut Chance) {
        let name = self.computer();
        let place = places.iter_mut().find(|place| place.name == name).unwrap();
        let seed = chance.any();
        match self {
            Self::Partition(a, b) => network.cut(Links::Between(ip(a), ip(b))),
            Self::OneWay(a, b) => network.cut(Links::From(ip(a), ip(b))),
            Self::Alone(a) => network.cut(Links::Of(ip(a))),
            Self::Delay(a, b, by) => network.delay(Links::Between(ip(a), ip(b)), by),
            Self::Slow(a, b, rate) => network.slow(Links::Between(ip(a), ip(b)), Some(rate)),
            Self::Reset(a) => network.reset(Links::Of(ip(a))),
            Self::KillAtStep(_, steps) => place.computer.kill_after_polls(steps),
            Self::PowerAtWrite(_, number) => {
                let computer = place.computer.clone();
                place.below.with_disk(|disk| {
                    disk.at_write(number, move |_| computer.end(Crash::Power));
                });
            }
            Self::Power(_) => place.computer.kill(Crash::Power).await,
            Self::Full(_) => place.below.with_disk(|disk| disk.fill(seed)),
            Self::Failing(_, one_in) => place.below.with_disk(|disk| {
                disk.fail(Some(Failing { one_in, seed, reads: false, writes: true }));
            }),
            Self::Damage(_) => damage(&place.computer.directory(), chance),
            Self::Clock(_, seconds) => place.computer.set_clock_offset(seconds * 1_000),
        }
    }

    /// Takes it back.
    pub(crate) fn end(self, network: &Network, places: &[Place]) {
        let name = self.computer();
        let place = places.iter().find(|place| place.name == name).unwrap();
        match self {
            Self::Partition(a, b) => network.mend(Links::Between(ip(a), ip(b))),
            Self::OneWay(a, b) => network.mend(Links::From(ip(a), ip(b))),
            Self::Alone(a) => network.mend(Links::Of(ip(a))),
            Self::Delay(a, b, _) => network.delay(Links::Between(ip(a), ip(b)), 0),
            Self::Slow(a, b, _) => network.slow(Links::Between(ip(a), ip(b)), None),
            Self::KillAtStep(..) => place.computer.kill_after_polls(u64::MAX),
            Self::PowerAtWrite(..) => place.below.with_disk(|disk| {
                disk.forget_callback();
            }),
            Self::Full(_) => place.below.with_disk(Disk::make_room),
            Self::Failing(..) => place.below.with_disk(|disk| disk.fail(None)),
            Self::Clock(..) => place.computer.set_clock_offset(0),
            Self::Reset(_) | Self::Power(_) | Self::Damage(_) => {}
        }
    }
}

/// Changes a bit in some files of a content library.
fn damage(directory: &Path, chance: &mut Chance) {
    let mut files = Vec::new();
    walk(&directory.join("distribution-point"), &mut |path| files.push(path.to_owned()));
    files.retain(|path| {
        let text = path.to_string_lossy();
        text.contains("/files/") || text.contains("/packs/")
    });
    files.sort();
    for path in files {
        if chance.once_in(2) {
            let mut bytes = fs::read(&path).unwrap();
            if bytes.is_empty() {
                continue;
            }
            let at = index(chance, bytes.len());
            bytes[at] ^= 1 << chance.below(8);
            let file = OpenOptions::new().write(true).open(&path).unwrap();
            // A disk may be full at the time.
            let _ = file.write_at(&bytes[at..=at], at as u64);
        }
    }
}

fn walk(directory: &Path, found: &mut impl FnMut(&Path)) {
    let Ok(entries) = fs::read_dir(directory) else { return };
    for entry in entries {
        let path = entry.unwrap().path();
        if path.is_dir() {
            walk(&path, found);
        } else {
            found(&path);
        }
    }
}
