//! What a request carries.

use std::{
    fmt, io,
    pin::Pin,
    task::{Context, Poll},
};

use bytes::Bytes;
use futures::{Stream, StreamExt, stream::BoxStream};
use hyper::body::{Frame, SizeHint};

/// What a request carries: nothing, bytes, or what a stream gives.
#[derive(Default)]
pub struct Body(Content);

enum Content {
    Whole(Bytes),
    Streamed(BoxStream<'static, io::Result<Bytes>>),
}

impl Default for Content {
    fn default() -> Self {
        Self::Whole(Bytes::new())
    }
}

impl Body {
    /// What a stream gives, block by block, without a copy. Where it breaks off, the request does. Its
    /// length is not known, unless the request says it (`Content-Length`).
    pub fn wrap_stream(blocks: impl Stream<Item = io::Result<Bytes>> + Send + 'static) -> Self {
        Self(Content::Streamed(blocks.boxed()))
    }

    /// The same once more; `None` of a stream, which comes once.
    pub(super) fn try_clone(&self) -> Option<Self> {
        match &self.0 {
            Content::Whole(bytes) => Some(Self(Content::Whole(bytes.clone()))),
            Content::Streamed(_) => None,
        }
    }
}

impl From<Bytes> for Body {
    fn from(bytes: Bytes) -> Self {
        Self(Content::Whole(bytes))
    }
}

impl From<Vec<u8>> for Body {
    fn from(bytes: Vec<u8>) -> Self {
        Bytes::from(bytes).into()
    }
}

impl From<String> for Body {
    fn from(text: String) -> Self {
        Bytes::from(text).into()
    }
}

impl hyper::body::Body for Body {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        match &mut self.0 {
            Content::Whole(bytes) if bytes.is_empty() => Poll::Ready(None),
            Content::Whole(bytes) => Poll::Ready(Some(Ok(Frame::data(std::mem::take(bytes))))),
            Content::Streamed(blocks) => {
                blocks.poll_next_unpin(context).map(|block| Some(block?.map(Frame::data)))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        matches!(&self.0, Content::Whole(bytes) if bytes.is_empty())
    }

    fn size_hint(&self) -> SizeHint {
        match &self.0 {
            Content::Whole(bytes) => SizeHint::with_exact(bytes.len() as u64),
            Content::Streamed(_) => SizeHint::default(),
        }
    }
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Content::Whole(bytes) => write!(f, "Body({} bytes)", bytes.len()),
            Content::Streamed(_) => f.write_str("Body(stream)"),
        }
    }
}
