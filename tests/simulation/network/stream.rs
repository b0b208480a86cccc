//! One end of a connection, as the program has it.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll, ready},
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::{Instant, Sleep, sleep_until},
};

use super::{connection::Attempt, switch::Network};

/// One end of a connection. Who drops it closes it.
pub(crate) struct Stream {
    network: Network,
    place: (u64, usize),
    reading: Timer,
    writing: Timer,
}

impl Stream {
    pub(super) fn new(network: Network, number: u64, side: usize) -> Self {
        let [reading, writing] = [(); 2].map(|()| Timer::default());
        Self { network, place: (number, side), reading, writing }
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        let (number, side) = self.place;
        self.network.state().close(number, side);
    }
}

impl AsyncRead for Stream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if buffer.remaining() == 0 {
            return Poll::Ready(Ok(()));
        }
        loop {
            let read = self.network.state().read(self.place, buffer, context.waker());
            match read {
                Attempt::Done(result) => return Poll::Ready(result),
                Attempt::Wait(until) => ready!(self.reading.poll(context, until)),
            }
        }
    }
}

impl AsyncWrite for Stream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        loop {
            let written = self.network.state().write(self.place, bytes, context.waker());
            match written {
                Attempt::Done(result) => return Poll::Ready(result),
                Attempt::Wait(until) => ready!(self.writing.poll(context, until)),
            }
        }
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        let (number, side) = self.place;
        Poll::Ready(self.network.state().end(number, side))
    }
}

/// Wakes at the time when something arrives.
#[derive(Default)]
pub(super) struct Timer(Option<Pin<Box<Sleep>>>);

impl Timer {
    /// Pending until then; for ever where there is no such time.
    pub(super) fn poll(&mut self, context: &mut Context<'_>, until: Option<Instant>) -> Poll<()> {
        let Some(until) = until else {
            self.0 = None;
            return Poll::Pending;
        };
        let sleep = self.0.get_or_insert_with(|| Box::pin(sleep_until(until)));
        if sleep.deadline() != until {
            sleep.as_mut().reset(until);
        }
        sleep.as_mut().poll(context)
    }
}
