//! What the process takes, under the names that programs of all kinds have for it.

use std::fmt;

use jiff::Timestamp;
use prometheus_client::{collector::Collector, encoding::DescriptorEncoder};
use rustix::time::{ClockId, clock_gettime};

use super::{
    figures::{Family, Figures, seconds},
    written::{BYTES, SECONDS},
};

/// The process. Read from the system when somebody asks.
#[derive(Debug)]
pub(super) struct Process {
    /// When it began.
    pub(super) since: Timestamp,
}

const CPU: Family = Family {
    name: "process_cpu",
    help: "Processor time that the process has taken",
    unit: Some(&SECONDS),
};
const RESIDENT: Family = Family {
    name: "process_resident_memory",
    help: "Memory that the process has",
    unit: Some(&BYTES),
};
const OPEN: Family =
    Family { name: "process_open_fds", help: "Files and connections that are open", unit: None };
const SINCE: Family =
    Family { name: "process_start_time", help: "When the process began", unit: Some(&SECONDS) };

impl Collector for Process {
    fn encode(&self, encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let mut figures = Figures(encoder);
        let taken = clock_gettime(ClockId::ProcessCPUTime);
        let taken = jiff::SignedDuration::new(taken.tv_sec, 0).as_secs_f64()
            + f64::from(u32::try_from(taken.tv_nsec).unwrap_or_default()) / 1e9;
        figures.counter(CPU, taken)?;
        figures.gauge(RESIDENT, resident())?;
        figures.gauge(OPEN, open())?;
        figures.gauge(SINCE, Some(seconds(self.since)))
    }
}

/// Bytes in memory; none where the system does not say so in this way.
fn resident() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kibibytes: f64 = line.trim().trim_end_matches("kB").trim().parse().ok()?;
    Some(kibibytes * 1024.0)
}

fn open() -> Option<f64> {
    let open = std::fs::read_dir("/proc/self/fd").ok()?.count();
    Some(f64::from(u32::try_from(open).unwrap_or(u32::MAX)))
}
