//! What is packed, because an API server takes 1 MiB of an object.

use std::io::{self, Read, Write};

use flate2::{Compression, read::GzDecoder, write::GzEncoder};

/// The same bytes as gzip.
pub(super) fn pack(bytes: &[u8]) -> io::Result<Vec<u8>> {
    let mut packed = GzEncoder::new(Vec::new(), Compression::default());
    packed.write_all(bytes)?;
    packed.finish()
}

/// What was packed, if that are fewer bytes than `largest`.
pub(super) fn unpack(packed: &[u8], largest: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let read = GzDecoder::new(packed).take(largest).read_to_end(&mut bytes)?;
    if u64::try_from(read).is_ok_and(|read| read >= largest) {
        return Err(io::Error::other(format!("it has {largest} bytes or more")));
    }
    Ok(bytes)
}
