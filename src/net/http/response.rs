//! What is answered.

use std::{
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use axum::http::{HeaderMap, StatusCode, response};
use bytes::Bytes;
use futures::{Stream, StreamExt};
use hyper::body::{Body, Incoming};
use tokio::time::{Instant, Sleep, sleep};

use super::HttpError;

/// An answer: its head is here, its body comes. Dropped before the body has come, the connection is closed.
#[derive(Debug)]
pub struct Response {
    head: response::Parts,
    body: Blocks,
}

impl Response {
    pub(super) fn new(answer: hyper::Response<Incoming>, read_timeout: Option<Duration>) -> Self {
        let (head, body) = answer.into_parts();
        Self { head, body: Blocks { body, silence: read_timeout.map(Silence::new) } }
    }

    /// The status.
    pub fn status(&self) -> StatusCode {
        self.head.status
    }

    /// The headers.
    pub fn headers(&self) -> &HeaderMap {
        &self.head.headers
    }

    /// How many bytes the body has, if the server has said so.
    pub fn content_length(&self) -> Option<u64> {
        self.body.body.size_hint().exact()
    }

    /// The next block of the body; `None` behind the last one.
    ///
    /// # Errors
    ///
    /// It broke off, or nothing came for too long.
    pub async fn chunk(&mut self) -> Result<Option<Bytes>, HttpError> {
        self.body.next().await.transpose()
    }

    /// The body, block by block.
    pub fn bytes_stream(self) -> Blocks {
        self.body
    }
}

/// The blocks of a body as they come, without a copy. A body that ends before its announced end gives an
/// error.
#[derive(Debug)]
pub struct Blocks {
    body: Incoming,
    silence: Option<Silence>,
}

impl Stream for Blocks {
    type Item = Result<Bytes, HttpError>;

    fn poll_next(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, HttpError>>> {
        let Self { body, silence } = &mut *self;
        loop {
            let Poll::Ready(frame) = Pin::new(&mut *body).poll_frame(context) else {
                let Some(silence) = silence else { return Poll::Pending };
                return silence.poll(context).map(|()| Some(Err(HttpError::Silent(silence.limit))));
            };
            if let Some(silence) = silence {
                silence.waiting = false;
            }
            match frame {
                None => return Poll::Ready(None),
                Some(Err(error)) => return Poll::Ready(Some(Err(HttpError::Body(error)))),
                // Trailers tell nobody anything.
                Some(Ok(frame)) => {
                    if let Ok(block) = frame.into_data() {
                        return Poll::Ready(Some(Ok(block)));
                    }
                }
            }
        }
    }
}

/// How long nothing has come. Only waiting counts: the reader may take its time.
#[derive(Debug)]
struct Silence {
    limit: Duration,
    /// Made when it is waited for the first time.
    timer: Option<Pin<Box<Sleep>>>,
    waiting: bool,
}

impl Silence {
    fn new(limit: Duration) -> Self {
        Self { limit, timer: None, waiting: false }
    }

    /// Ready when it has been waited for too long.
    fn poll(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let limit = self.limit;
        let timer = self.timer.get_or_insert_with(|| Box::pin(sleep(limit)));
        if !self.waiting {
            self.waiting = true;
            timer.as_mut().reset(Instant::now() + limit);
        }
        timer.as_mut().poll(context)
    }
}
