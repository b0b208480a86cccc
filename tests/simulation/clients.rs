//! Clients of distribution points: whatever they are given, at any time, is a version of the file that
//! somebody has published, byte for byte; and what was there once stays there.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::SocketAddr,
    time::Duration,
};

use headwater::net::Stream;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    time::timeout,
};

use super::hierarchy::{POINTS, Wanted, ip};

/// The content port.
const PORT: u16 = 80;

/// How long a client waits.
const PATIENCE: Duration = Duration::from_secs(20);

/// What clients were given so far.
#[derive(Debug, Default)]
pub(crate) struct Clients {
    /// The newest version of each file that each point has served whole.
    served: BTreeMap<(&'static str, String), usize>,
    /// Points whose files somebody has damaged: they fetch them again once they see it.
    damaged: BTreeSet<&'static str>,
    pub(crate) answers: u64,
}

impl Clients {
    /// Asks each point for each file; what is wrong, in words. Runs on the computer of the clients.
    ///
    /// Those who pull are asked before their sources: what they have, one of these has too then.
    pub(crate) async fn ask(&mut self, wanted: &Wanted) -> Result<(), String> {
        for package in &wanted.packages {
            for name in package.versions[0].keys() {
                let path = format!("/content/{}/{name}", package.id);
                let versions: Vec<&Vec<u8>> =
                    package.versions.iter().map(|files| &files[name]).collect();
                let mut now = BTreeMap::new();
                for (point, _) in POINTS.into_iter().rev() {
                    if let Some(version) = self.ask_for(point, &path, &versions).await? {
                        now.insert(point, version);
                    }
                }
                for (point, sources) in POINTS.into_iter().filter(|(_, all)| !all.is_empty()) {
                    let found: Vec<_> = sources.iter().map(|source| now.get(source)).collect();
                    let Some(mine) = now.get(point) else { continue };
                    if found.iter().all(|it| it.is_some_and(|it| it < mine)) {
                        return Err(format!(
                            "{point} has a newer {path} than its sources: {now:?}"
                        ));
                    }
                }
            }
        }
        Ok(())
    }

    async fn ask_for(
        &mut self,
        point: &'static str,
        path: &str,
        versions: &[&Vec<u8>],
    ) -> Result<Option<usize>, String> {
        let Ok(Ok(answer)) = timeout(PATIENCE, get(point, path)).await else { return Ok(None) };
        let before = self.served.get(&(point, path.to_owned())).copied();
        match answer.status {
            200 => {
                let is_it = |bytes: &&&Vec<u8>| {
                    bytes.len() == answer.length && bytes.starts_with(&answer.body)
                };
                let mut found = versions.iter().enumerate().filter(|(_, bytes)| is_it(bytes));
                let Some(version) = found.next_back().map(|(version, _)| version) else {
                    // Until it validates its content, as every hour; nobody may take it from there.
                    if self.damaged.contains(point) {
                        return Ok(None);
                    }
                    return Err(format!("{point} serves {path} with bytes of nobody"));
                };
                self.answers += 1;
                if before.is_some_and(|before| version < before) {
                    return Err(format!("{point} serves version {version} of {path} again"));
                }
                let whole = answer.body.len() == answer.length;
                if whole {
                    self.served.insert((point, path.to_owned()), version);
                }
                Ok(whole.then_some(version))
            }
            404 if before.is_some() && !self.damaged.contains(point) => {
                Err(format!("{point} does not have {path} any more"))
            }
            _ => Ok(None),
        }
    }

    /// Files of a point change on its disk, unseen.
    pub(crate) fn damaged(&mut self, point: &'static str) {
        self.damaged.insert(point);
        self.served.retain(|(at, _), _| *at != point);
    }

    /// What is not served everywhere in its newest version; nothing if all is.
    pub(crate) fn missing(&self, wanted: &Wanted) -> Option<String> {
        for (point, _) in POINTS {
            for package in &wanted.packages {
                let newest = package.versions.len() - 1;
                for name in package.versions[0].keys() {
                    let path = format!("/content/{}/{name}", package.id);
                    let served = self.served.get(&(point, path.clone()));
                    if served != Some(&newest) {
                        return Some(format!("{point} serves {served:?} of {path}, not {newest}"));
                    }
                }
            }
        }
        None
    }
}

struct Answer {
    status: u16,
    length: usize,
    /// As much of it as has come.
    body: Vec<u8>,
}

async fn get(point: &str, path: &str) -> std::io::Result<Answer> {
    let broken = || std::io::Error::other("no answer of HTTP");
    let mut stream = Stream::connect(&[SocketAddr::new(ip(point), PORT)]).await?;
    let request = format!("GET {path} HTTP/1.1\r\nHost: {point}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut bytes = Vec::new();
    // What came before it broke off counts too.
    let _ = stream.read_to_end(&mut bytes).await;
    let end = bytes.windows(4).position(|it| it == b"\r\n\r\n").ok_or_else(broken)?;
    let head = String::from_utf8_lossy(&bytes[..end]).to_ascii_lowercase();
    let status = head.split(' ').nth(1).and_then(|it| it.parse().ok()).ok_or_else(broken)?;
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
    let length = length.and_then(|it| it.trim().parse().ok()).unwrap_or(0);
    Ok(Answer { status, length, body: bytes.split_off(end + 4) })
}
