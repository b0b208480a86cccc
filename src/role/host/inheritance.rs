//! What whoever takes over on another computer must have of a data directory: without the authority and the
//! agents, those that have joined would believe nobody any more. The rest is found out anew, or is of the
//! past.

use std::{fmt, path::Path};

use super::{DataDirectory, DataError};
use crate::{
    net::{Certificates, Registry},
    store,
};

/// Stands in a data directory whose agents are kept elsewhere too.
const MARK: &str = "kept-elsewhere";

/// What is taken over.
#[derive(Clone, PartialEq, Eq)]
pub struct Inheritance {
    /// The hierarchy's authority, with its key.
    pub authority: Vec<u8>,
    /// What is known of agents: who has joined, for whom a token waits, which keys count no more.
    pub agents: Vec<u8>,
}

impl fmt::Debug for Inheritance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Inheritance")
    }
}

impl Inheritance {
    /// That of a data directory. Blocks.
    ///
    /// # Errors
    ///
    /// It cannot be read.
    pub fn of(data: &DataDirectory) -> Result<Self, DataError> {
        Ok(Self {
            authority: Certificates::authority_with_key(data.path())?,
            agents: data.agents().to_bytes()?,
        })
    }

    /// Puts it into a data directory that is not open, in place of what is there. Blocks.
    ///
    /// # Errors
    ///
    /// It makes no sense, or cannot be kept.
    pub fn take_over(&self, path: &Path) -> Result<(), DataError> {
        let failed = |source| DataError::File { path: path.to_owned(), source };
        std::fs::create_dir_all(path).map_err(failed)?;
        mark(path)?;
        Certificates::take_over(path, &self.authority)?;
        Registry::take_over(path, &self.agents)?;
        Ok(())
    }
}

impl DataDirectory {
    /// Whether what is known of agents is kept elsewhere too, and nobody is at work here who would bring
    /// there what is changed: then it would be changed in vain.
    ///
    /// # Errors
    ///
    /// That cannot be found out.
    pub fn is_left_behind(&self) -> Result<bool, DataError> {
        Ok(self.path().join(MARK).exists() && self.try_host()?.is_some())
    }
}

fn mark(path: &Path) -> Result<(), DataError> {
    let mark = path.join(MARK);
    if mark.exists() {
        return Ok(());
    }
    store::replace(&mark, b"").map_err(|source| DataError::File { path: mark, source })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{clock, model::Name};

    #[tokio::test]
    async fn who_takes_over_has_the_same_authority_and_knows_the_same_agents() {
        let directory = tempfile::tempdir().unwrap();
        let [first, second] = ["first", "second"].map(|it| directory.path().join(it));
        let left = DataDirectory::open(&first).unwrap();
        let name: Name = "a".parse().unwrap();
        let hour = jiff::SignedDuration::from_hours(1);
        let token = left.agents().make_token(&name, hour, clock::now()).await.unwrap();
        // It has had an authority of its own before.
        DataDirectory::open(&second).unwrap();
        let inheritance = Inheritance::of(&left).unwrap();
        inheritance.take_over(&second).unwrap();
        let successor = DataDirectory::open(&second).unwrap();
        assert_eq!(
            successor.certificates().authority_text(),
            left.certificates().authority_text(),
            "the certificate is that of the key"
        );
        let shown = std::fs::read_to_string(second.join("certificates/authority.crt")).unwrap();
        assert_eq!(shown.trim(), successor.certificates().authority_text().trim());
        let same = successor.agents().token(&name).unwrap().unwrap();
        assert_eq!(same.to_text(), token.to_text(), "the agent may have it already");
        assert_eq!(Inheritance::of(&successor).unwrap(), inheritance);
        assert!(!format!("{inheritance:?}").contains("PRIVATE"));
    }

    #[test]
    fn what_makes_no_sense_replaces_nothing() {
        let directory = tempfile::tempdir().unwrap();
        let data = DataDirectory::open(directory.path()).unwrap();
        let before = Inheritance::of(&data).unwrap();
        let other = Inheritance { authority: b"none".to_vec(), ..before.clone() };
        other.take_over(directory.path()).unwrap_err();
        let other = Inheritance { agents: b"none".to_vec(), ..before.clone() };
        other.take_over(directory.path()).unwrap_err();
        assert_eq!(Inheritance::of(&data).unwrap(), before);
    }

    #[test]
    fn nothing_is_changed_where_nobody_brings_it_elsewhere() {
        let directory = tempfile::tempdir().unwrap();
        let data = DataDirectory::open(directory.path()).unwrap();
        assert!(!data.is_left_behind().unwrap(), "it is kept here alone");
        Inheritance::of(&data).unwrap().take_over(directory.path()).unwrap();
        assert!(data.is_left_behind().unwrap());
        let _works = data.try_host().unwrap().unwrap();
        assert!(!data.is_left_behind().unwrap());
    }
}
