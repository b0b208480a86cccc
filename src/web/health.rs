//! Whether the loop of a controller lives, and whether it does its work already.

use std::time::Duration;

use tokio::time::Instant;

/// How often the loop says that it moves, whatever it waits for.
pub const TICK: Duration = Duration::from_secs(10);

/// How long the loop may not move at all: many times [`TICK`], because planning for thousands of site
/// systems, or a terminal that takes no more lines for a moment, holds it up for some seconds.
pub const STILL: Duration = Duration::from_mins(2);

/// How long nothing at all may happen in a pass. What it waits for tells of itself all the time, or is
/// waited for until it is polled: after an hour, unless the manifests say otherwise (PDP-5). Ending a
/// program that only waits would help nobody.
pub const SILENT: Duration = Duration::from_hours(2);

/// The loop of a controller, as seen from outside.
#[derive(Debug, Default)]
pub(super) struct Health {
    /// When it moved last; none before it has begun.
    moved: Option<Instant>,
    /// The pass that goes on.
    pass: Option<Going>,
    /// Whether manifests are in force.
    pub(super) manifests: bool,
    /// Whether a pass has ended.
    passed: bool,
    /// Whether another one does the work, and this one waits for its turn: it is ready for that.
    pub(super) waits: bool,
    /// Of an operator: whether it knows all objects there are. It is ready then, whatever they want, and
    /// however long that takes: a Deployment does not wait for content, nor a webhook for a hierarchy.
    pub(super) objects: Option<bool>,
}

/// A pass that goes on.
#[derive(Debug)]
struct Going {
    since: Instant,
    /// When something happened last.
    sign: Instant,
}

impl Health {
    /// The loop moves.
    pub(super) fn moves(&mut self, now: Instant) {
        self.moved = Some(now);
    }

    /// A pass begins.
    pub(super) fn begins(&mut self, now: Instant) {
        self.moves(now);
        self.pass = Some(Going { since: now, sign: now });
    }

    /// Something happens in the pass.
    pub(super) fn sign(&mut self, now: Instant) {
        if let Some(pass) = &mut self.pass {
            pass.sign = now;
        }
    }

    /// The pass has ended; how long it took.
    pub(super) fn ends(&mut self, now: Instant) -> Option<Duration> {
        self.moves(now);
        self.passed = true;
        self.pass.take().map(|pass| now.saturating_duration_since(pass.since))
    }

    /// For how long the present pass has gone on.
    pub(super) fn passing(&self, now: Instant) -> Option<Duration> {
        self.pass.as_ref().map(|pass| now.saturating_duration_since(pass.since))
    }

    /// Whether it helps to leave the program alone; why not, if not. While it starts it does.
    pub(super) fn alive(&self, now: Instant) -> Result<&'static str, String> {
        if self.waits {
            return Ok("it waits for its turn");
        }
        let Some(moved) = self.moved else { return Ok("it is starting") };
        let still = now.saturating_duration_since(moved);
        if still > STILL {
            let seconds = still.as_secs();
            return Err(format!("the loop has not moved for {seconds} seconds"));
        }
        let Some(pass) = &self.pass else { return Ok("it waits for the next pass") };
        let silent = now.saturating_duration_since(pass.sign);
        if silent > SILENT {
            let seconds = silent.as_secs();
            return Err(format!("nothing has happened in the pass for {seconds} seconds"));
        }
        Ok("a pass goes on")
    }

    /// Whether it does its work already; why not, if not.
    pub(super) fn ready(&self) -> Result<(), &'static str> {
        match self.objects {
            Some(true) => return Ok(()),
            Some(false) => return Err("the custom resources have not all been listed yet"),
            None => {}
        }
        match (self.manifests || self.waits, self.passed || self.waits) {
            (false, _) => Err("no manifests are in force yet"),
            (true, false) => Err("the first pass has not ended yet"),
            (true, true) => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_loop_that_stands_still_is_dead_and_one_that_waits_is_not() {
        let start = Instant::now();
        let at = |seconds: u64| start + Duration::from_secs(seconds);
        let mut health = Health::default();
        assert!(health.alive(at(100_000)).is_ok(), "it has not begun yet");
        health.moves(at(0));
        assert!(health.alive(at(STILL.as_secs())).is_ok());
        assert!(health.alive(at(STILL.as_secs() + 1)).unwrap_err().contains("has not moved"));
        health.begins(at(200));
        let silent = SILENT.as_secs();
        health.moves(at(200 + silent));
        assert!(health.alive(at(200 + silent)).is_ok());
        health.moves(at(201 + silent));
        assert!(health.alive(at(201 + silent)).unwrap_err().contains("nothing has happened"));
        // One file more has come: a transfer may take days.
        health.sign(at(201 + silent));
        assert!(health.alive(at(201 + silent)).is_ok());
        assert_eq!(health.ends(at(300 + silent)), Some(Duration::from_secs(100 + silent)));
        health.moves(at(900_000));
        assert!(health.alive(at(900_000)).is_ok(), "it may wait for the next pass for long");
        assert_eq!(health.passing(at(900_000)), None);
    }

    #[test]
    fn an_operator_is_ready_once_it_knows_all_objects_and_one_that_waits_is_not_dead() {
        let start = Instant::now();
        let mut health = Health { objects: Some(false), waits: true, ..Health::default() };
        assert_eq!(health.ready(), Err("the custom resources have not all been listed yet"));
        health.objects = Some(true);
        assert_eq!(health.ready(), Ok(()));
        health.waits = false;
        health.begins(start);
        assert_eq!(health.ready(), Ok(()), "a first pass may take hours");
        // It has lost the lease while it worked, and nothing moves before it has it again.
        health.waits = true;
        assert_eq!(health.alive(start + STILL * 2), Ok("it waits for its turn"));
        health.waits = false;
        assert!(health.alive(start + STILL * 2).is_err());
    }

    #[test]
    fn it_is_ready_after_the_first_pass_over_manifests() {
        let now = Instant::now();
        let mut health = Health::default();
        assert_eq!(health.ready(), Err("no manifests are in force yet"));
        health.manifests = true;
        health.begins(now);
        assert_eq!(health.ready(), Err("the first pass has not ended yet"));
        health.ends(now);
        health.begins(now);
        assert_eq!(health.ready(), Ok(()));
    }
}
