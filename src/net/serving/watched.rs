//! A connection that ends when it stands still.

use std::{
    future::Future,
    io,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::{Instant, Sleep},
};

use super::Limits;

/// A stream that fails when less than [`Limits::LEAST`] bytes move in either direction within a span
/// of time: a client that went away without a word, one that reads nothing, or a byte now and then.
pub(super) struct Watched<S> {
    stream: S,
    span: Duration,
    /// What has moved in this span.
    moved: usize,
    ends: Pin<Box<Sleep>>,
}

impl<S> Watched<S> {
    pub(super) fn new(stream: S, span: Duration) -> Self {
        let ends = Box::pin(tokio::time::sleep(span));
        Self { stream, span, moved: 0, ends }
    }

    pub(super) fn get_ref(&self) -> &S {
        &self.stream
    }

    /// While nothing can be read or written: ready once that is so for too long.
    fn stands_still(&mut self, context: &mut Context<'_>) -> Poll<io::Error> {
        loop {
            ready!(self.ends.as_mut().poll(context));
            if self.moved < Limits::LEAST {
                let why = "the connection stands still";
                return Poll::Ready(io::Error::new(io::ErrorKind::TimedOut, why));
            }
            self.moved = 0;
            let next = Instant::now() + self.span;
            self.ends.as_mut().reset(next);
        }
    }

    /// The outcome of an attempt to move bytes, `moved` if it was one.
    fn outcome<T>(
        &mut self,
        context: &mut Context<'_>,
        attempt: Poll<io::Result<T>>,
        moved: impl FnOnce(&T) -> usize,
    ) -> Poll<io::Result<T>> {
        match attempt {
            Poll::Ready(Ok(done)) => {
                self.moved = self.moved.saturating_add(moved(&done));
                Poll::Ready(Ok(done))
            }
            Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
            Poll::Pending => self.stands_still(context).map(Err),
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Watched<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let attempt = Pin::new(&mut self.stream).poll_read(context, buffer);
        let after = buffer.filled().len();
        self.outcome(context, attempt, |()| after.saturating_sub(before))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Watched<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let attempt = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.outcome(context, attempt, |written| *written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let attempt = Pin::new(&mut self.stream).poll_write_vectored(context, slices);
        self.outcome(context, attempt, |written| *written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let attempt = Pin::new(&mut self.stream).poll_flush(context);
        self.outcome(context, attempt, |()| 0)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let attempt = Pin::new(&mut self.stream).poll_shutdown(context);
        self.outcome(context, attempt, |()| 0)
    }
}
