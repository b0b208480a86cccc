//! What can be wrong with our own form of an export, and with keys.

use super::PublicKey;
use crate::wire::{export_file::ExportError, sealed::SealedError};

/// Why a file of updates cannot be read, written or believed.
#[derive(Debug, thiserror::Error)]
pub enum UpdatesFileError {
    /// It begins with something else.
    #[error("it is no file of updates: `headwater export` writes one")]
    NotOne,
    /// It is of a later version of the format.
    #[error(
        "it is of format {0}, which this version of Headwater does not know: export it again with this \
         version, or use a newer one here"
    )]
    Version(u32),
    /// It ends too early.
    #[error("it is cut off: export it again, or copy it again and compare the sizes")]
    Truncated,
    /// Something in it is not as it has to be.
    #[error("it is damaged: {0}; export it again, or copy it again and compare the sizes")]
    Damaged(String),
    /// The records of documents in it.
    #[error("it is damaged: a record of documents cannot be read")]
    Documents(#[from] ExportError),
    /// A signature was asked for.
    #[error(
        "it is not signed, and a signature was asked for: export it with --sign-key, or import it \
         without --verify-key if you know where it comes from"
    )]
    Unsigned,
    /// The signature is not that of the key.
    #[error(
        "it is not signed with the key that was asked for, but says that it was with {said}: it comes \
         from somebody else, or was changed"
    )]
    OtherKey {
        /// What the file says.
        said: PublicKey,
    },
    /// The signature does not belong to these bytes.
    #[error("its signature is wrong: it was changed after it was signed")]
    WrongSignature,
    /// It has a signature already.
    #[error("it is signed already")]
    Signed,
    /// It could not be read.
    #[error("failed to read the file of updates")]
    Read(#[source] std::io::Error),
    /// It could not be written.
    #[error("failed to write the file of updates")]
    Write(#[source] std::io::Error),
}

impl From<SealedError> for UpdatesFileError {
    fn from(error: SealedError) -> Self {
        match error {
            SealedError::NotOne => Self::NotOne,
            SealedError::Version(version) => Self::Version(version),
            SealedError::Truncated => Self::Truncated,
            SealedError::Damaged(what) => Self::Damaged(what.to_owned()),
            SealedError::Read(error) => Self::Read(error),
            SealedError::Write(error) => Self::Write(error),
        }
    }
}

/// Why a key cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// It is not what `openssl genpkey` writes.
    #[error(
        "it holds no Ed25519 private key in PKCS#8 PEM: make one with `openssl genpkey -algorithm \
         ed25519 -out sign.pem`"
    )]
    NotPrivate,
    /// It asks for a password.
    #[error(
        "its private key is encrypted, and nobody is asked for a password: decrypt it with `openssl \
         pkey -in FILE -out sign.pem`, and keep that where only you can read it"
    )]
    Encrypted,
    /// It is not what `openssl pkey -pubout` writes.
    #[error(
        "it holds no Ed25519 public key in PEM: make one of the private key with `openssl pkey -in \
         sign.pem -pubout -out verify.pem`"
    )]
    NotPublic,
    /// The private key where the public one belongs.
    #[error(
        "it holds a private key, which never leaves its owner: give the public one, made with `openssl \
         pkey -in sign.pem -pubout -out verify.pem`"
    )]
    PrivateForPublic,
    /// A text that is not a key.
    #[error("a public key is written as 64 hexadecimal digits")]
    Text,
}
