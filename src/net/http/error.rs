//! Why a request came to nothing.

use std::{error::Error, fmt, time::Duration};

use hyper_util::client::legacy;

/// Why a request came to nothing. The URL, which may be a secret, is in none of them.
#[derive(Debug)]
pub enum HttpError {
    /// The URL is none.
    Url(Box<dyn Error + Send + Sync>),
    /// The URL is one of something else.
    Scheme(&'static str),
    /// A header cannot be sent.
    Header,
    /// What was to be sent cannot be written as JSON.
    Json(serde_json::Error),
    /// There is no connection.
    Connect(legacy::Error),
    /// The connection broke off before the head of an answer, or the body of the request did.
    Request(legacy::Error),
    /// Nothing came for so long.
    Silent(Duration),
    /// The body of the answer broke off.
    Body(hyper::Error),
}

impl fmt::Display for HttpError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Url(_) => f.write_str("its URL cannot be read"),
            Self::Scheme(wanted) => write!(f, "its URL does not begin with {wanted}"),
            Self::Header => f.write_str("a header of the request cannot be sent"),
            Self::Json(_) => f.write_str("the request cannot be written"),
            Self::Connect(_) => f.write_str("no connection"),
            Self::Request(_) => f.write_str("the request broke off"),
            Self::Silent(limit) => write!(f, "nothing came for {} seconds", limit.as_secs()),
            Self::Body(_) => f.write_str("the answer broke off"),
        }
    }
}

// By hand: what the pool says of an error says nothing to people, its cause does.
impl Error for HttpError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Url(error) => Some(&**error),
            Self::Json(error) => Some(error),
            Self::Connect(error) | Self::Request(error) => error.source(),
            Self::Body(error) => Some(error),
            Self::Scheme(_) | Self::Header | Self::Silent(_) => None,
        }
    }
}

impl From<legacy::Error> for HttpError {
    fn from(error: legacy::Error) -> Self {
        if error.is_connect() { Self::Connect(error) } else { Self::Request(error) }
    }
}
