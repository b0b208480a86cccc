//! The identity of what was observed.

use std::io::{self, BufWriter, Write};

use aws_lc_rs::digest::{Context, SHA256};

use crate::model::{Digest, Observed};

/// The digest of the observed state in its JSON form, which is not kept: that of a large hierarchy
/// is a gigabyte.
pub(super) fn observed_digest(observed: &Observed) -> Digest {
    let mut hashing = BufWriter::with_capacity(1 << 16, Hashing(Context::new(&SHA256)));
    // Hashing cannot fail, and neither can writing what was derived from names and numbers.
    let written = serde_json::to_writer(&mut hashing, observed).map_err(io::Error::from);
    let hashing =
        written.and_then(|()| hashing.into_inner().map_err(io::IntoInnerError::into_error));
    let mut digest = [0; 32];
    if let Ok(Hashing(context)) = hashing {
        digest.copy_from_slice(context.finish().as_ref());
    }
    Digest::from_bytes(digest)
}

struct Hashing(Context);

impl Write for Hashing {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_the_digest_of_the_json_form() {
        let observed = Observed::default();
        let whole = Digest::of(&serde_json::to_vec(&observed).unwrap());
        assert_eq!(observed_digest(&observed), whole);
    }
}
