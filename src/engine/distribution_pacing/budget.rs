//! How many bytes may go to a distribution point next, and how long to wait before they may.

use std::time::Duration;

use jiff::{Timestamp, tz::TimeZone};

use super::Opening;
use crate::model::{Pacing, Priority, Pulse};

/// What may go at once after a pause, in time at the limited rate: one block. A sender that is woken
/// late makes up for less than that, so that on a busy computer the limit is still reached, and in
/// no span of time more goes than the limit and this block.
const BLOCK: Duration = Duration::from_millis(250);

/// Into how many grants a block is divided: so late may a sender be woken and lose nothing, less
/// one of them.
const GRANTS: u64 = 4;

/// The most bytes of one grant, also without a limit: after so many it is asked whether it is still
/// an open hour.
const LARGEST: u64 = 1 << 20;

/// A time, by the clock that people set and by one that only goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    /// The time of day.
    pub now: Timestamp,
    /// How long ago the sender began to count.
    pub elapsed: Duration,
}

/// What may be done now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Grant {
    /// Send so many bytes; they are accounted for.
    Send(u64),
    /// Wait so long, and ask again.
    Wait(Duration),
    /// It is no open hour: never [`Opening::Open`].
    Closed(Opening),
}

/// What a distribution point may be sent, whatever number of connections sends it. It has no clock:
/// whoever sends tells it the time, and waits as long as it says.
#[derive(Debug, Clone, Default)]
pub struct SendingBudget {
    /// When all bytes so far have gone at the limited rate.
    gone: Duration,
    /// What is left of a pulse's block, and when the last bytes of it went.
    pulse: Option<Beat>,
}

#[derive(Debug, Clone, Copy)]
struct Beat {
    left: u64,
    last: Duration,
}

impl SendingBudget {
    /// Asks to send some of `wanted` bytes of a package of this priority.
    pub fn ask(
        &mut self,
        pacing: &Pacing,
        priority: Priority,
        wanted: u64,
        at: Moment,
        zone: &TimeZone,
    ) -> Grant {
        match pacing.opening(priority, at.now, zone) {
            Opening::Open => {}
            closed => return Grant::Closed(closed),
        }
        let mut bytes = wanted.min(LARGEST);
        let pulse = pacing.rate_limit.as_ref().and_then(|limit| limit.pulse.as_ref());
        let beat = match pulse.map(|pulse| self.beat(pulse, at.elapsed)) {
            Some(Err(wait)) => return Grant::Wait(wait),
            Some(Ok(beat)) => Some(beat),
            None => None,
        };
        bytes = bytes.min(beat.map_or(u64::MAX, |beat| beat.left));
        if let Some(rate) = pacing.bytes_a_second(at.now, zone) {
            let grants_a_second = GRANTS * 1_000 / u64::try_from(BLOCK.as_millis()).unwrap_or(1);
            bytes = bytes.min((rate / grants_a_second).max(1));
            let gone = self.gone.max(at.elapsed).saturating_add(taken(bytes, rate));
            if let Some(early) = gone.checked_sub(at.elapsed.saturating_add(BLOCK))
                && !early.is_zero()
            {
                return Grant::Wait(early);
            }
            self.gone = gone;
        }
        self.pulse =
            beat.map(|beat| Beat { left: beat.left.saturating_sub(bytes), last: at.elapsed });
        Grant::Send(bytes)
    }

    /// The block of a pulse that bytes may come out of, or how long to wait for the next one.
    fn beat(&self, pulse: &Pulse, elapsed: Duration) -> Result<Beat, Duration> {
        let block = u64::from(pulse.block_kilobytes) * 1_000;
        let delay = Duration::from_secs(pulse.delay.as_seconds().into());
        let next = Beat { left: block, last: elapsed };
        let Some(beat) = self.pulse else { return Ok(next) };
        match beat.last.saturating_add(delay).checked_sub(elapsed) {
            // The pause is over, or there was one that nobody had asked for.
            None | Some(Duration::ZERO) => Ok(next),
            Some(_) if beat.left > 0 => Ok(Beat { left: beat.left.min(block), ..beat }),
            Some(wait) => Err(wait),
        }
    }
}

/// How long so many bytes take at a rate, rounded up.
fn taken(bytes: u64, bytes_a_second: u64) -> Duration {
    let nanoseconds = (u128::from(bytes) * 1_000_000_000).div_ceil(bytes_a_second.max(1).into());
    Duration::from_nanos(u64::try_from(nanoseconds).unwrap_or(u64::MAX))
}
