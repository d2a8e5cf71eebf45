//! How new the entries were that have left the journal.
//!
//! What moves a counter only from some time on is all in the journal as long as nothing of that
//! time has left it. The note is about entries without a gap from the first; where somebody who
//! makes none took further ones out, it says nothing.

use rusqlite::{Connection, OptionalExtension as _, params};

use super::checksum::checksum;

/// Name of the note in the table `meta`, as which it is the last entry that has left, the newest
/// time of acceptance among all that have, and a checksum of the two.
const NAME: &str = "journal_gone";

/// What has left the journal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Gone {
    /// The last entry of it.
    pub(super) last: u64,
    /// The newest time of acceptance among all of it.
    pub(super) newest: i64,
}

impl Gone {
    /// Reads the note; nothing if there is none, or it is not as it was written.
    pub(super) fn read(connection: &Connection) -> rusqlite::Result<Option<Self>> {
        let text: Option<String> = connection
            .prepare_cached("SELECT value FROM meta WHERE name = ?1")?
            .query_row([NAME], |row| row.get(0))
            .optional()?;
        Ok(text.as_deref().and_then(Self::parse))
    }

    fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split(' ');
        let mut next = || parts.next();
        let gone = Self { last: next()?.parse().ok()?, newest: next()?.parse().ok()? };
        (gone.text() == text).then_some(gone)
    }

    fn text(self) -> String {
        let sum = checksum(&[self.last.into(), self.newest.into()]);
        format!("{} {} {sum}", self.last, self.newest)
    }

    /// Notes that the entries from `first` to `last` leave, the newest of them accepted then.
    pub(super) fn note(
        tx: &Connection,
        (first, last): (u64, u64),
        newest: i64,
    ) -> rusqlite::Result<()> {
        let newest = match Self::read(tx)? {
            Some(before) if before.last + 1 == first => before.newest.max(newest),
            _ if first == 1 => newest,
            _ => return Ok(()),
        };
        let text = Self { last, newest }.text();
        tx.prepare_cached("INSERT OR REPLACE INTO meta (name, value) VALUES (?1, ?2)")?
            .execute(params![NAME, text])
            .map(drop)
    }
}
