//! The secret that admin ports ask for, until they have certificates.

use std::{fmt, io, path::Path, time::Duration};

use aws_lc_rs::constant_time::verify_slices_are_equal;
use axum::http::{HeaderMap, HeaderValue, header::AUTHORIZATION};
use reqwest::header;
use uuid::Uuid;

use super::{Addresses, ClientError};

/// The secret of a hierarchy's admin ports: whoever has it may do everything. Never shown.
#[derive(Clone)]
pub struct AdminToken(String);

impl AdminToken {
    /// Reads the token from a file, or makes one there that only its owner can read.
    ///
    /// # Errors
    ///
    /// The file can be neither read nor made.
    pub fn open(path: &Path) -> io::Result<Self> {
        use std::{fs::OpenOptions, io::Write, os::unix::fs::OpenOptionsExt};
        let read = || -> io::Result<Option<Self>> {
            match std::fs::read_to_string(path) {
                Ok(text) if text.trim().is_empty() => Ok(None),
                Ok(text) => Ok(Some(Self(text.trim().to_owned()))),
                Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
                Err(error) => Err(error),
            }
        };
        if let Some(token) = read()? {
            return Ok(token);
        }
        let token = format!("{}{}", Uuid::new_v4().simple(), Uuid::new_v4().simple());
        let temporary = path.with_extension(format!("{}.new", std::process::id()));
        let mut file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(&temporary)?;
        file.write_all(token.as_bytes())?;
        file.sync_all()?;
        std::fs::rename(&temporary, path)?;
        read()?.ok_or_else(|| io::Error::other("the token was removed while it was being made"))
    }

    /// Reads the token from a file that somebody else made.
    ///
    /// # Errors
    ///
    /// The file cannot be read, or is empty.
    pub fn read(path: &Path) -> io::Result<Self> {
        let text = std::fs::read_to_string(path)?;
        if text.trim().is_empty() {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "the file is empty"));
        }
        Ok(Self(text.trim().to_owned()))
    }

    /// Whether a request carries this token.
    pub fn admits(&self, headers: &HeaderMap) -> bool {
        let given = headers.get(AUTHORIZATION).map(HeaderValue::as_bytes).unwrap_or_default();
        verify_slices_are_equal(given, self.header().as_bytes()).is_ok()
    }

    /// An HTTP client for admin ports: carries this token, finds hosts by `addresses`, and waits
    /// as long as a command takes.
    ///
    /// # Errors
    ///
    /// The system refused to set the client up.
    pub fn client(&self, addresses: &Addresses) -> Result<reqwest::Client, ClientError> {
        let mut headers = header::HeaderMap::new();
        if let Ok(mut value) = header::HeaderValue::from_str(&self.header()) {
            value.set_sensitive(true);
            headers.insert(header::AUTHORIZATION, value);
        }
        // An agent that is waiting for something says so at least every minute.
        super::client::builder(addresses, Duration::from_mins(5))
            .default_headers(headers)
            .build()
            .map_err(ClientError::from)
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
