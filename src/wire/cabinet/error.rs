//! What can be wrong with a cabinet.

/// Why a cabinet cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CabinetError {
    /// It does not begin like one.
    #[error("not a cabinet: the signature `MSCF` is missing")]
    Signature,
    /// The header says another length.
    #[error(
        "cabinet is {actual} bytes long, its header says {declared}: it was cut off or changed"
    )]
    Length {
        /// Length in the header.
        declared: u64,
        /// Length of the bytes.
        actual: u64,
    },
    /// Something points outside the cabinet.
    #[error("{what} lies outside the cabinet: the file is damaged")]
    Outside {
        /// What was looked for.
        what: &'static str,
    },
    /// A kind of cabinet that is not read.
    #[error("cabinet is not supported: {0}")]
    Unsupported(&'static str),
    /// More than the limits allow.
    #[error("cabinet declares {declared} {what}, more than the limit of {limit}")]
    TooMuch {
        /// What there is too much of.
        what: &'static str,
        /// How much is declared.
        declared: u64,
        /// How much is allowed.
        limit: u64,
    },
    /// A checksum that does not fit its block.
    #[error("data block {block} is damaged: checksum {actual:08x}, header says {declared:08x}")]
    Checksum {
        /// Number of the block, from 0.
        block: u32,
        /// Checksum in the block's header.
        declared: u32,
        /// Checksum of the block.
        actual: u32,
    },
    /// A block without a checksum, where one is required.
    #[error("data block {block} carries no checksum")]
    NoChecksum {
        /// Number of the block, from 0.
        block: u32,
    },
    /// A file's name.
    #[error("name of file {file} is not valid: {reason}")]
    Name {
        /// Number of the file, from 0.
        file: u32,
        /// What is wrong.
        reason: &'static str,
    },
    /// The compressed data make no sense.
    #[error("file `{file}` cannot be decompressed: {reason}")]
    Decompress {
        /// Its name.
        file: String,
        /// What the decoder says.
        reason: String,
    },
    /// What it holds finds no place.
    #[error("the disk is full: free some space, then run again")]
    NoRoom,
    /// It could not be read.
    #[error("it cannot be read: {0}")]
    Read(String),
}

impl CabinetError {
    /// What reading has come to.
    pub(super) fn read(error: &std::io::Error) -> Self {
        Self::Read(error.to_string())
    }
}
