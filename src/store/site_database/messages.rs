//! Status messages: those of ninety days (SYNC-8).

use jiff::{SignedDuration, Timestamp};
use rusqlite::{Row, params};

use super::SiteDatabase;
use crate::{
    model::{StatusMessage, StatusMessageId},
    store::{StoreError, StoreProblem},
};

/// How long a message is kept.
const REMEMBERED: SignedDuration = SignedDuration::from_hours(90 * 24);
/// So many of the newest are kept however old they are.
const NEWEST: i64 = 1_000;
/// More are never kept: about ten megabytes.
const MOST: i64 = 50_000;

impl SiteDatabase {
    /// Keeps these messages, which come after all that are there; the oldest make room.
    ///
    /// # Errors
    ///
    /// The file cannot be written.
    pub fn record_messages(&self, messages: &[StatusMessage]) -> Result<(), StoreError> {
        self.database.write(|it| {
            let mut statement = it.prepare_cached(
                "INSERT INTO status_message (number, at, site, subject, text)
                 VALUES (?1, ?2, ?3, ?4, ?5)",
            )?;
            for message in messages {
                statement.execute(params![
                    message.id.number(),
                    message.at.as_millisecond(),
                    message.site.as_str(),
                    message.subject,
                    message.text
                ])?;
            }
            let Some(now) = messages.iter().map(|it| it.at).max() else { return Ok(()) };
            let oldest = now.saturating_sub(REMEMBERED).unwrap_or(Timestamp::MIN).as_millisecond();
            it.execute(
                "DELETE FROM status_message
                 WHERE at < ?1 AND id <= (SELECT max(id) FROM status_message) - ?2",
                [oldest, NEWEST],
            )?;
            it.execute(
                "DELETE FROM status_message
                 WHERE id <= (SELECT max(id) FROM status_message) - ?1",
                [MOST],
            )?;
            Ok(())
        })
    }

    /// The newest messages, oldest first, at most `count`.
    ///
    /// # Errors
    ///
    /// The file cannot be read.
    pub fn newest_messages(&self, count: u32) -> Result<Vec<StatusMessage>, StoreError> {
        self.database.read(|it| {
            let mut statement = it.prepare_cached(
                "SELECT number, at, site, subject, text FROM status_message
                 ORDER BY id DESC LIMIT ?1",
            )?;
            let mut rows = statement.query([count])?;
            let mut messages = Vec::new();
            while let Some(row) = rows.next()? {
                messages.push(message(row)?);
            }
            messages.reverse();
            Ok(messages)
        })
    }
}

fn message(row: &Row<'_>) -> Result<StatusMessage, StoreProblem> {
    let invalid = || StoreProblem::Value("a status message");
    let number: u16 = row.get(0)?;
    let site: String = row.get(2)?;
    Ok(StatusMessage {
        id: StatusMessageId::try_from(number).map_err(|_| invalid())?,
        at: Timestamp::from_millisecond(row.get(1)?).map_err(|_| invalid())?,
        site: site.parse().map_err(|_| invalid())?,
        subject: row.get(3)?,
        text: row.get(4)?,
    })
}
