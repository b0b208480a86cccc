//! The secret that admin ports ask for on the computer of their controller, in the clear.

use std::{fmt, io, path::Path, time::Duration};

use aws_lc_rs::constant_time::verify_slices_are_equal;
use axum::http::{HeaderMap, HeaderValue, header::AUTHORIZATION};
use uuid::Uuid;

use super::{
    Addresses, ClientError,
    http::{Client, ClientBuilder},
    made_once::{Readers, make_once},
};

/// The longest token that somebody may have written.
const LONGEST: u64 = 4096;

/// How long an admin port may say nothing at all.
pub(super) const SILENCE: Duration = Duration::from_mins(5);

/// The secret of the admin ports of a computer: whoever has it may do everything. Never shown, and never
/// sent to another computer.
#[derive(Clone)]
pub struct AdminToken(String);

impl AdminToken {
    /// Reads the token from a file, or makes one there that only its owner can read. Of several
    /// processes that make one at the same time, all get the same.
    ///
    /// # Errors
    ///
    /// The file can be neither read nor made.
    pub fn open(path: &Path) -> io::Result<Self> {
        let make =
            || Ok(format!("{}{}", Uuid::new_v4().simple(), Uuid::new_v4().simple()).into_bytes());
        make_once(path, LONGEST, Readers::Owner, make)?;
        Self::read(path)
    }

    /// Reads the token from a file that somebody else made.
    ///
    /// # Errors
    ///
    /// The file cannot be read, or is empty.
    pub fn read(path: &Path) -> io::Result<Self> {
        let text = std::fs::read_to_string(path)?;
        if text.trim().is_empty() {
            let error = "the file is empty: remove it, so that a token is made";
            return Err(io::Error::new(io::ErrorKind::InvalidData, error));
        }
        Ok(Self(text.trim().to_owned()))
    }

    /// Whether a request carries this token.
    pub fn admits(&self, headers: &HeaderMap) -> bool {
        let given = headers.get(AUTHORIZATION).map(HeaderValue::as_bytes).unwrap_or_default();
        verify_slices_are_equal(given, self.header().as_bytes()).is_ok()
    }

    /// An HTTP client for admin ports: carries this token, and finds hosts by `addresses`.
    ///
    /// # Errors
    ///
    /// The system refused to set the client up.
    pub(super) fn client(&self, addresses: &Addresses) -> Result<Client, ClientError> {
        // An agent that works for longer gives a sign of life more often than that.
        Ok(self.builder(addresses)?.read_timeout(SILENCE).build())
    }

    /// The same for sending content, which takes as long as it takes while nothing comes back: the
    /// sender watches by itself whether anything moves.
    ///
    /// # Errors
    ///
    /// The system refused to set the client up.
    pub(super) fn sending_client(&self, addresses: &Addresses) -> Result<Client, ClientError> {
        Ok(self.builder(addresses)?.build())
    }

    fn builder(&self, addresses: &Addresses) -> Result<ClientBuilder, ClientError> {
        let mut headers = HeaderMap::new();
        if let Ok(mut value) = HeaderValue::from_str(&self.header()) {
            value.set_sensitive(true);
            headers.insert(AUTHORIZATION, value);
        }
        Ok(super::client::builder(addresses)?.default_headers(headers))
    }

    fn header(&self) -> String {
        format!("Bearer {}", self.0)
    }
}

impl fmt::Debug for AdminToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AdminToken")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_who_make_a_token_at_once_get_the_same() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("admin-token");
        let tokens: Vec<String> = std::thread::scope(|scope| {
            let opening: Vec<_> =
                (0..16).map(|_| scope.spawn(|| AdminToken::open(&path).unwrap().0)).collect();
            opening.into_iter().map(|one| one.join().unwrap()).collect()
        });
        assert!(tokens.iter().all(|token| *token == tokens[0]));
        assert_eq!(tokens[0], AdminToken::read(&path).unwrap().0);
        assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 1);
    }

    #[test]
    fn an_empty_file_is_no_token() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("admin-token");
        std::fs::write(&path, "\n").unwrap();
        assert!(AdminToken::open(&path).is_err());
    }
}
