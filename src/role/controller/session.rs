//! How a command reaches the embedded hierarchy: through the process that hosts it, or by hosting
//! it itself for as long as it runs.

use std::{collections::BTreeMap, path::Path, time::Duration};

use tokio::time::{Instant, sleep, timeout};

use crate::{
    model::{HeldBy, Holder, Name, RunCommand},
    net::{Addresses, AdminHttp, AgentClient, AgentError, ClientError, Trust},
    observe::{Agents, ReachError, Remote},
    role::host::{DataDirectory, DataError, DataLock, Host, HostError, this_process},
    view::holder_name,
};

/// What a command is going to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Look at what there is: nothing is set in motion.
    Look,
    /// Do what a saved plan says, and nothing else: no transfer goes on that is not part of it.
    Exactly,
    /// Change what there is.
    Work,
    /// Stay and keep it as it shall be, by this command.
    Stay(RunCommand),
    /// Stay and look at it again and again: nothing is set in motion.
    Watch,
}

impl Purpose {
    /// Whether it goes on until somebody ends it.
    fn stays(self) -> bool {
        matches!(self, Self::Stay(_) | Self::Watch)
    }

    fn holder(self) -> Holder {
        let command = match self {
            Self::Stay(command) => command.as_str(),
            Self::Watch => "controller --mode observe",
            Self::Look | Self::Exactly | Self::Work => "",
        };
        this_process(command, self.stays(), matches!(self, Self::Stay(_)))
    }
}

/// A command cannot reach the hierarchy.
#[derive(Debug, thiserror::Error)]
pub enum SessionError {
    /// The data directory.
    #[error(transparent)]
    Data(#[from] DataError),
    /// The host cannot be started.
    #[error("failed to start the embedded hierarchy")]
    Host(#[from] HostError),
    /// The HTTP client.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// Another process keeps the hierarchy up.
    #[error(
        "the hierarchy in this data directory is up already{}: use `headwater apply` to change it, or \
         --wait to take over when that one ends",
        .0.as_ref().map(|it| format!(", kept by {}", holder_name(it))).unwrap_or_default()
    )]
    UpAlready(Option<Holder>),
    /// Another process holds the data directory and does not answer.
    #[error(
        "another process holds the data directory, and does not answer{}: if it was stopped, let it go \
         on; if it hangs, end it",
        .0.as_ref().map(|it| format!(", {}, last alive at {:.0}", holder_name(&it.holder), it.alive_at))
            .unwrap_or_default()
    )]
    HeldBySilence(Option<HeldBy>, #[source] Option<AgentError>),
}

/// What there is to say to somebody who waits for the data directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Waiting {
    /// This one keeps the hierarchy up.
    For(HeldBy),
    /// It gives no sign of life any more.
    Silent(HeldBy),
    /// It does again.
    Alive(HeldBy),
}

/// How often a command looks whether another one has finished.
const LOOK_AGAIN: Duration = Duration::from_millis(100);

/// How often one that waits for its turn looks: it takes over within a second.
const TURN: Duration = Duration::from_millis(500);

/// How long the host may take to tell what it hosts: it knows that by heart.
const ANSWER: Duration = Duration::from_secs(15);

/// A way to the embedded hierarchy.
pub struct Session {
    data: DataDirectory,
    /// Where this process is the host.
    own: Option<Host>,
    host: AgentClient,
    http: AdminHttp,
    addresses: Addresses,
}

impl Session {
    /// Reaches the hierarchy of a data directory: through `headwater up`, where that is running,
    /// otherwise by hosting it. Waits while another command that will end hosts it.
    ///
    /// # Errors
    ///
    /// The hierarchy can be neither reached nor hosted.
    pub async fn open(path: &Path, purpose: Purpose) -> Result<Self, SessionError> {
        let data = DataDirectory::open(path)?;
        let mut told = false;
        loop {
            if let Some(lock) = data.try_host()? {
                return Self::hosting(data, lock, purpose).await;
            }
            if let Some(url) = data.long_staying_host() {
                if purpose.stays() {
                    return Err(SessionError::UpAlready(data.held_by()?.map(|it| it.holder)));
                }
                let addresses = data.addresses();
                let http = data.http(&addresses)?;
                let host = http.agent(&url);
                match timeout(ANSWER, host.hosted()).await {
                    Ok(Ok(_)) => return Ok(Self { data, own: None, host, http, addresses }),
                    // It may just have ended: then the lock is free, or will be.
                    Ok(Err(error)) if told => {
                        return Err(SessionError::HeldBySilence(data.held_by()?, Some(error)));
                    }
                    Ok(Err(_)) => {}
                    Err(_) => return Err(SessionError::HeldBySilence(data.held_by()?, None)),
                }
            }
            if !told {
                tracing::warn!("waiting for another headwater command to finish");
                told = true;
            }
            sleep(LOOK_AGAIN).await;
        }
    }

    /// Hosts the hierarchy of a data directory once nobody else does, however long that takes. What
    /// there is to say meanwhile is told.
    ///
    /// # Errors
    ///
    /// The hierarchy cannot be hosted.
    pub async fn open_in_turn(
        path: &Path,
        purpose: Purpose,
        mut tell: impl FnMut(Waiting),
    ) -> Result<Self, SessionError> {
        let data = DataDirectory::open(path)?;
        let mut watch = Watch::default();
        loop {
            if let Some(lock) = data.try_host()? {
                return Self::hosting(data, lock, purpose).await;
            }
            if let Some(held) = data.held_by()?
                && held.holder.stays
                && let Some(waiting) = watch.look(held, Instant::now())
            {
                tell(waiting);
            }
            sleep(TURN).await;
        }
    }

    async fn hosting(
        data: DataDirectory,
        lock: DataLock,
        purpose: Purpose,
    ) -> Result<Self, SessionError> {
        let resume = matches!(purpose, Purpose::Work | Purpose::Stay(_));
        let host = Host::start(data.clone(), lock, &purpose.holder(), resume).await?;
        let client = host.client();
        let (addresses, http) = (host.addresses(), host.http().clone());
        Ok(Self { data, own: Some(host), host: client, http, addresses })
    }

    /// The data directory.
    pub fn data(&self) -> &DataDirectory {
        &self.data
    }

    /// Whether this process hosts the hierarchy by itself: then nobody else works on it.
    pub fn hosts(&self) -> bool {
        self.own.is_some()
    }

    /// The host's admin port.
    pub fn host(&self) -> &AgentClient {
        &self.host
    }

    /// How all admin ports are asked.
    pub fn http(&self) -> &AdminHttp {
        &self.http
    }

    /// The roots that the hierarchy trusts: the system's, its own authority's, and `trusted.pem`.
    pub fn trust(&self) -> &Trust {
        self.data.certificates().trust()
    }

    /// Finds the agents of the hierarchy, and lets those join for which a token waits.
    ///
    /// # Errors
    ///
    /// The host does not answer.
    pub async fn agents(&self, remote: &BTreeMap<Name, String>) -> Result<Agents, ReachError> {
        let (host, http) = (self.host.clone(), self.http.clone());
        let (addresses, registry) = (self.addresses.clone(), self.data.agents());
        Agents::find(host, http, addresses, Remote { agents: remote, registry }).await
    }

    /// How addresses are resolved.
    pub fn addresses(&self) -> &Addresses {
        &self.addresses
    }

    /// Closes what this process hosts.
    pub async fn close(self) {
        if let Some(host) = self.own {
            host.close().await;
        }
    }
}

/// Watches a holder for signs of life, by the clock of the one who watches: the two may be on different
/// computers.
#[derive(Debug, Default)]
struct Watch {
    seen: Option<Seen>,
}

#[derive(Debug)]
struct Seen {
    held: HeldBy,
    /// When its last sign of life was noticed.
    at: Instant,
    silent: bool,
}

impl Watch {
    /// Looks at the holder; what there is to say about it that was not said yet.
    fn look(&mut self, held: HeldBy, now: Instant) -> Option<Waiting> {
        let silence = Duration::try_from(HeldBy::SILENCE).unwrap_or_default();
        match &mut self.seen {
            Some(seen) if seen.held == held => {
                let fell_silent = !seen.silent && now.duration_since(seen.at) >= silence;
                seen.silent |= fell_silent;
                fell_silent.then_some(Waiting::Silent(held))
            }
            Some(seen) if seen.held.holder == held.holder => {
                let was_silent = seen.silent;
                *seen = Seen { held: held.clone(), at: now, silent: false };
                was_silent.then_some(Waiting::Alive(held))
            }
            _ => {
                self.seen = Some(Seen { held: held.clone(), at: now, silent: false });
                Some(Waiting::For(held))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_holder_that_falls_silent_is_told_of_once() {
        let at = |second| Timestamp::from_second(second).unwrap();
        let held = |beat| HeldBy {
            holder: Holder { since: at(0), ..this_process("controller", true, true) },
            // Its clock is a year behind: that makes no difference.
            alive_at: at(beat),
        };
        let mut watch = Watch::default();
        let start = Instant::now();
        let mut look = |second, held| watch.look(held, start + Duration::from_secs(second));
        assert_eq!(look(0, held(0)), Some(Waiting::For(held(0))));
        for second in 1..100 {
            let beat = i64::try_from(second / 5).unwrap() * 5;
            assert_eq!(look(second, held(beat)), None, "it lives");
        }
        assert_eq!(look(114, held(95)), None);
        assert_eq!(look(115, held(95)), Some(Waiting::Silent(held(95))));
        assert_eq!(look(500, held(95)), None, "that was said");
        assert_eq!(look(501, held(501)), Some(Waiting::Alive(held(501))));
        assert_eq!(look(521, held(501)), Some(Waiting::Silent(held(501))));
        let mut next = held(600);
        next.holder.process_id += 1;
        assert_eq!(look(600, next.clone()), Some(Waiting::For(next)));
    }
}
