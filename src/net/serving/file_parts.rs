//! Parts of files that the kernel sends by itself: no byte of them is copied into this process, which
//! halves what sending costs.
//!
//! The HTTP library takes bytes only. So a body stands in with as many bytes of [`BLANK`] as the part
//! has, in order; where the connection meets them on their way out, it has the kernel send the part
//! instead. That works where nothing lies between the two: in the clear, over HTTP/1.1.

use std::{
    collections::VecDeque,
    fmt, io,
    os::fd::AsFd,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use tokio::{
    io::{AsyncRead, AsyncWrite, Interest, ReadBuf},
    net::TcpStream,
};

use crate::net::Stream;

/// What stands in for parts of files: known by its place in memory, so nothing else is taken for it.
static BLANK: [u8; FileParts::MOST] = [0; FileParts::MOST];

/// The parts of files that are on their way out on one connection, which is in the extensions of its
/// requests.
#[derive(Clone, Default)]
pub struct FileParts(Arc<Mutex<VecDeque<Part>>>);

struct Part {
    file: Arc<dyn AsFd + Send + Sync>,
    at: u64,
    left: usize,
}

impl FileParts {
    /// The most bytes of one part.
    pub const MOST: usize = 1 << 20;

    /// Whether this system has what they need.
    pub(super) const WORK: bool = cfg!(target_os = "linux");

    /// What a body has in the place of a part of a file, of at most [`Self::MOST`] bytes; longer ones
    /// are cut. It has to be sent next, and once.
    pub fn stand_in(&self, file: Arc<dyn AsFd + Send + Sync>, at: u64, length: usize) -> Bytes {
        let left = length.min(Self::MOST);
        if left > 0 {
            self.parts().push_back(Part { file, at, left });
        }
        Bytes::from_static(BLANK.get(..left).unwrap_or_default())
    }

    fn parts(&self) -> MutexGuard<'_, VecDeque<Part>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Has the kernel send as much of the next part as the connection takes now, `most` at most.
    fn send(&self, stream: &TcpStream, most: usize) -> io::Result<usize> {
        let mut parts = self.parts();
        let Some(part) = parts.front_mut() else {
            return Err(io::Error::other("no part of a file is to be sent"));
        };
        let sent = send(stream, part, part.left.min(most))?;
        if sent == 0 {
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the file has been cut"));
        }
        part.left = part.left.saturating_sub(sent);
        if part.left == 0 {
            parts.pop_front();
        }
        Ok(sent)
    }
}

#[cfg(target_os = "linux")]
fn send(stream: &TcpStream, part: &mut Part, most: usize) -> io::Result<usize> {
    Ok(rustix::fs::sendfile(stream, &part.file, Some(&mut part.at), most)?)
}

/// No connection offers it there: see [`FileParts::WORK`].
#[cfg(not(target_os = "linux"))]
fn send(_stream: &TcpStream, _part: &mut Part, _most: usize) -> io::Result<usize> {
    Err(io::ErrorKind::Unsupported.into())
}

impl fmt::Debug for FileParts {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "FileParts({})", self.parts().len())
    }
}

/// Whether these bytes stand in for a part of a file.
fn is_stand_in(bytes: &[u8]) -> bool {
    !bytes.is_empty() && BLANK.as_ptr_range().contains(&bytes.as_ptr())
}

/// Whether nothing has happened yet.
fn is_again(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted)
}

/// A connection that sends parts of files where others stand in for them.
pub(super) struct SendsFiles {
    stream: Stream,
    parts: FileParts,
}

impl SendsFiles {
    pub(super) fn new(stream: Stream) -> Self {
        Self { stream, parts: FileParts::default() }
    }

    /// The parts that it sends; none where there is no system below that could send them by itself.
    pub(super) fn parts(&self) -> Option<FileParts> {
        self.stream.tcp().filter(|_| FileParts::WORK)?;
        Some(self.parts.clone())
    }

    fn poll_send(&self, context: &mut Context<'_>, most: usize) -> Poll<io::Result<usize>> {
        loop {
            let stream = self.stream.tcp().ok_or(io::ErrorKind::Unsupported)?;
            ready!(stream.poll_write_ready(context))?;
            let attempt = || self.parts.send(stream, most);
            match stream.try_io(Interest::WRITABLE, attempt) {
                Err(error) if is_again(&error) => {}
                sent => return Poll::Ready(sent),
            }
        }
    }
}

impl AsyncRead for SendsFiles {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for SendsFiles {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        if is_stand_in(bytes) {
            return self.poll_send(context, bytes.len());
        }
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match slices.iter().position(|slice| is_stand_in(slice)) {
            None => Pin::new(&mut self.stream).poll_write_vectored(context, slices),
            Some(0) => {
                let most = slices.first().map_or(0, |slice| slice.len());
                self.poll_send(context, most)
            }
            Some(before) => {
                let before = slices.get(..before).unwrap_or_default();
                Pin::new(&mut self.stream).poll_write_vectored(context, before)
            }
        }
    }

    /// Always: what stands in must come as it is, not as a copy.
    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use std::{
        fs::File,
        io::{IoSlice, Write},
    };

    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::{TcpListener, TcpStream},
    };

    use super::*;

    async fn connected() -> (SendsFiles, TcpStream) {
        let listener = TcpListener::bind("127.77.91.1:0").await.unwrap();
        let client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        (SendsFiles::new(Stream::Tcp(listener.accept().await.unwrap().0)), client)
    }

    fn file(bytes: &[u8]) -> Arc<File> {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(bytes).unwrap();
        Arc::new(file)
    }

    #[tokio::test]
    async fn parts_are_sent_where_they_are_stood_in_for() {
        let bytes: Vec<_> =
            (0..3_000_000_u32).map(|at| at.to_le_bytes()[at as usize % 3]).collect();
        let file = file(&bytes);
        let (mut sends, mut client) = connected().await;
        let parts = sends.parts().unwrap();
        let sent = tokio::spawn(async move {
            let mut at = 7;
            while at < bytes.len() {
                let part = parts.stand_in(file.clone(), at as u64, bytes.len() - at);
                at += part.len();
                let slices = [IoSlice::new(b"<"), IoSlice::new(&part), IoSlice::new(b">")];
                let mut slices = &mut { slices }[..];
                while !slices.is_empty() {
                    let written = sends.write_vectored(slices).await.unwrap();
                    IoSlice::advance_slices(&mut slices, written);
                }
            }
            sends.shutdown().await.unwrap();
            bytes
        });
        let mut came = Vec::new();
        client.read_to_end(&mut came).await.unwrap();
        let bytes = sent.await.unwrap();
        let expected: Vec<_> = bytes[7..]
            .chunks(FileParts::MOST)
            .flat_map(|part| [b"<".as_slice(), part, b">"].concat())
            .collect();
        assert!(came == expected, "{} bytes came, not {}", came.len(), expected.len());
    }

    #[tokio::test]
    async fn a_file_that_was_cut_ends_the_connection() {
        let (mut sends, _client) = connected().await;
        let part = sends.parts().unwrap().stand_in(file(b"short"), 5, 10);
        let error = sends.write(&part).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof);
    }

    #[tokio::test]
    async fn other_zeros_are_sent_as_they_are() {
        let (mut sends, mut client) = connected().await;
        let _unsent = sends.parts().unwrap().stand_in(file(b"other"), 0, 5);
        sends.write_all(&[0; 5]).await.unwrap();
        let mut came = [1; 5];
        client.read_exact(&mut came).await.unwrap();
        assert_eq!(came, [0; 5]);
    }
}
