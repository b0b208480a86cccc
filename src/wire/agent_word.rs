//! The name of a command, for logs: what it says stays out of them.

use std::fmt::{self, Write};

use super::agent::AgentCommand;

/// Takes what is written up to the first character that no name has.
struct FirstWord(String);

impl Write for FirstWord {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let end = text.find(|letter: char| !letter.is_alphanumeric());
        self.0.push_str(text.get(..end.unwrap_or(text.len())).unwrap_or_default());
        if end.is_some() { Err(fmt::Error) } else { Ok(()) }
    }
}

impl AgentCommand {
    /// The name of its variant.
    pub fn word(&self) -> String {
        let mut word = FirstWord(String::new());
        // It ends early on purpose: the rest may be long, and is nobody's business.
        let _ = write!(word, "{self:?}");
        word.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_known_by_its_name_alone() {
        assert_eq!(AgentCommand::ImportUpdates.word(), "ImportUpdates");
        let package: crate::model::PackageId = "CEN00001".parse().unwrap();
        let command = AgentCommand::FollowPull { package: package.clone() };
        assert_eq!(command.word(), "FollowPull");
        let command = AgentCommand::PullPackage {
            package,
            version: 1,
            digest: crate::model::Digest::of(b"list"),
        };
        assert_eq!(command.word(), "PullPackage");
    }
}
