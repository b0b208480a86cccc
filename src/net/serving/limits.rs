//! How much a port serves at a time, and how long it waits for its clients.

use std::time::Duration;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// What a port bears.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Connections that are open at the same time; each takes about 32 KiB, over TLS 38 KiB.
    pub connections: usize,
    /// Requests that are answered at the same time, from their heads to the last byte of the answer.
    pub requests: usize,
    /// How long a request waits for others to be answered before it is told to come back: a crowd that
    /// comes at the same moment is served sooner than by coming again.
    pub wait: Duration,
    /// How long the head of a request may take, and how long a connection waits for one.
    pub head: Duration,
    /// How long a connection may stand still: no more than [`Limits::LEAST`] bytes in that time.
    pub still: Duration,
}

impl Limits {
    /// What moves at least while a connection does not stand still: less than any head has, and far
    /// less than what a modem moves in a minute.
    pub const LEAST: usize = 256;

    /// Connections that are told to come back, beside those that are served.
    pub(super) const TURNED_AWAY: usize = 128;

    /// How long such a connection is there: a handshake and an answer.
    pub(super) const TURNING_AWAY: Duration = Duration::from_secs(10);

    /// How long a handshake of TLS may take.
    pub(super) const HANDSHAKE: Duration = Duration::from_secs(10);

    /// The longest head of a request: no client of content needs 1 KiB.
    pub(super) const HEAD: usize = 16 << 10;

    /// Headers of a request.
    pub(super) const HEADERS: usize = 64;

    /// The same for HTTP/2, where heads are compressed and counted unpacked.
    pub(super) const HEAD_LIST: u32 = 16 << 10;

    /// Requests of one HTTP/2 connection at a time: browsers have up to 100, downloaders a handful.
    pub(super) const STREAMS: u32 = 32;

    /// What is read ahead of an HTTP/2 client for each of its requests: several blocks of the library
    /// would lie in memory otherwise.
    pub(super) const STREAM_BUFFER: usize = 128 << 10;

    /// What an HTTP/2 client may send unasked, the least that the protocol knows: nobody sends content.
    pub(super) const WINDOW: u32 = 65_535;

    /// What TLS keeps for clients that read slowly: one of few has 1 MiB, with which a core moves
    /// most, and each of thousands has [`Limits::LEAST_BUFFER`].
    pub(super) const MOST_BUFFER: usize = 1 << 20;
    /// See [`Limits::MOST_BUFFER`].
    pub(super) const LEAST_BUFFER: usize = 32 << 10;
    /// What it keeps for all connections of a port together, as long as they get the least.
    pub(super) const BUFFERS: usize = 32 << 20;

    /// For content. Every pull point of the largest hierarchy, 5,000, and clients beside them may ask
    /// a point at the same time; 1,024 are answered at a time. Never more than half of what the system
    /// lets this process open: the rest is for the files that are sent.
    pub fn content() -> Self {
        let files = getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX);
        let files = usize::try_from(files).unwrap_or(usize::MAX);
        Self {
            connections: 8192.min(files / 2).max(1),
            requests: 1024.min(files / 4).max(1),
            // Less than any client waits.
            wait: Duration::from_secs(10),
            head: Duration::from_secs(30),
            still: Duration::from_mins(1),
        }
    }

    /// For the web services of update points. A call may be worked on for long before the first byte of
    /// its answer is there: a list of a million revisions, or one that waits for others. Connections wait
    /// for the next call as long as those of IIS do.
    pub fn update_services() -> Self {
        Self { head: Duration::from_mins(2), still: Duration::from_mins(5), ..Self::content() }
    }

    /// For the port of a controller: some programs that watch it, and git servers.
    pub fn watching() -> Self {
        Self {
            connections: 64,
            requests: 16,
            wait: Duration::from_secs(2),
            head: Duration::from_secs(10),
            still: Duration::from_secs(30),
        }
    }

    /// What TLS may keep for one more connection where there are so many.
    pub(super) fn buffer(open: usize) -> usize {
        (Self::BUFFERS / open.max(1)).clamp(Self::LEAST_BUFFER, Self::MOST_BUFFER)
    }
}

/// Lets this process have as many files and connections open as the system allows: what it is given at
/// first, often 1,024, is meant for programs that use `select`.
pub fn raise_open_files() {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    if current != maximum
        && let Err(error) = setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum })
    {
        tracing::debug!(%error, "no more files may be open than at first");
    }
}
