//! What the transfer log tells of files (PDP-12).

use super::{
    fetching::{Ended, Failure, Fetch},
    logs::Log,
};
use crate::{error_text::with_causes, model::Digest};

impl Fetch<'_> {
    /// A line of the transfer log (PDP-12).
    pub(super) fn log_info(&self, text: &str) {
        let text =
            format!("{text} (package {} from {})", self.job.record.package, self.source.name);
        self.means.logs.info(Log::Transfer, text);
    }

    /// How an attempt to fetch a file ended.
    pub(super) fn log_end(&self, digest: &Digest, size: u64, ended: &Result<Ended, Failure>) {
        let (package, source) = (&self.job.record.package, &self.source.name);
        let logs = &self.means.logs;
        match ended {
            Ok(Ended::Verified) => {
                self.log_info(&format!("File {digest} is transferred and verified, {size} bytes"));
            }
            Ok(Ended::Again(why)) => logs.warn(
                Log::Transfer,
                format!(
                    "Transfer of file {digest} (package {package} from {source}) broke off: {why}"
                ),
            ),
            Err(Failure::Source(why) | Failure::Lacks(why)) => logs.error(
                Log::Transfer,
                format!(
                    "Transfer of file {digest} (package {package} from {source}) failed: {why}"
                ),
            ),
            Err(Failure::Library(error)) => logs.error(
                Log::Transfer,
                format!("File {digest} cannot be kept on this computer: {}", with_causes(error)),
            ),
            Err(Failure::Stopped) => {
                self.log_info(&format!("Transfer of file {digest} is suspended"));
            }
        }
    }
}
