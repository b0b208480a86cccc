//! Waits until no other process keeps the hierarchy.

use std::path::Path;

use super::{Failure, Printer, operation, signals::Signals};
use crate::{
    role::controller::{Purpose, Session, Waiting},
    view::{alive_text, silent_text, waiting_text},
};

/// The hierarchy of a data directory, once nobody else keeps it; none if somebody ended the program
/// before.
pub(super) async fn in_turn(
    data: &Path,
    purpose: Purpose,
    signals: &mut Signals,
    printer: &mut Printer,
) -> Result<Option<Session>, Failure> {
    let mut waited = false;
    let opened = {
        let tell = |waiting: Waiting| {
            waited = true;
            let text = match &waiting {
                Waiting::For(held) => waiting_text(held),
                Waiting::Silent(held) => silent_text(held),
                Waiting::Alive(held) => alive_text(held),
            };
            // It waits all the same if nobody hears of it.
            let _ = printer.message(&text);
        };
        tokio::select! {
            opened = Session::open_in_turn(data, purpose, tell) => opened,
            () = signals.ended() => return Ok(None),
        }
    };
    let session = opened.map_err(operation)?;
    if waited {
        printer.message("the hierarchy is free: it is kept by this process now\n")?;
    }
    Ok(Some(session))
}
