//! Lines that are written in one pass and read in the next.

use std::{
    fs::File,
    io::{self, BufRead, BufReader, BufWriter, Seek, Write},
};

use serde::{Serialize, de::DeserializeOwned};

use super::super::{Shelf, shelf::Temporary};
use crate::model::Hashing;

/// A file of the shelf that holds values, one a line.
pub(super) struct Spool {
    to: BufWriter<File>,
    _temporary: Temporary,
}

impl Spool {
    pub(super) fn begin(shelf: &Shelf) -> io::Result<Self> {
        let (file, temporary) = shelf.begin()?;
        Ok(Self { to: BufWriter::new(file), _temporary: temporary })
    }

    /// Puts a value behind the others, and into `hashing`.
    pub(super) fn push(&mut self, value: &impl Serialize, hashing: &mut Hashing) -> io::Result<()> {
        let mut line = serde_json::to_vec(value).map_err(io::Error::other)?;
        line.push(b'\n');
        hashing.update(&line);
        self.to.write_all(&line)
    }

    /// The values, in their order.
    pub(super) fn values<T: DeserializeOwned>(
        &mut self,
    ) -> io::Result<impl Iterator<Item = io::Result<T>>> {
        self.to.flush()?;
        let mut file = self.to.get_ref();
        file.rewind()?;
        let value = |line: io::Result<String>| {
            line.and_then(|it| serde_json::from_str(&it).map_err(io::Error::other))
        };
        Ok(BufReader::new(file).lines().map(value))
    }
}
