//! Manifests out of git: the program `git`, run where nothing of this computer or of the repository
//! tells it what to do.

mod access;
mod checkout;
mod error;
mod fetch_now;
mod openpgp;
mod program;
mod repository;
mod signatures;

pub use access::{Access, Signed};
pub use error::GitError;
pub use fetch_now::{Asked, FetchNow};
pub use repository::Repository;
