//! The window of recent given ids, and its table, through which all handles share it.

use rusqlite::{Connection, Row, params};

use super::checksum::{Column, checksum, is_whole};
use super::{as_integer, sequence};
use crate::window::{Sifted, Window};
use crate::{Entry, Error, Limits};

/// Bytes of one id in the table: the id itself and the hash of the content, little-endian.
const BYTES: usize = 24;

/// What this handle knows of the ids that callers gave lately.
#[derive(Debug)]
pub(super) struct GivenIds {
    window: Window,
    /// Number of the last group whose ids are in the window.
    known: u64,
    /// How many ids were ever given up to there.
    ever: u64,
    /// `known` and `ever` as they are once the group at hand is stored, if it has given ids.
    pending: Option<(u64, u64)>,
}

impl GivenIds {
    pub(super) fn new(limits: &Limits) -> Self {
        Self { window: Window::new(limits), known: 0, ever: 0, pending: None }
    }

    /// Returns whether there are none, or none were read yet.
    pub(super) fn is_empty(&self) -> bool {
        self.window.len() == 0
    }

    /// Reads what others stored since.
    pub(super) fn catch_up(&mut self, connection: &Connection) -> Result<(), Error> {
        let sql = "SELECT seq, accepted_at, ids, end_ids, checksum FROM given_ids
             WHERE seq > ?1 ORDER BY seq";
        let mut statement = connection.prepare_cached(sql).map_err(Error::Read)?;
        let mut rows = statement.query([as_integer(self.known)]).map_err(Error::Read)?;
        while let Some(row) = rows.next().map_err(Error::Read)? {
            self.take(row).map_err(Error::Read)?;
        }
        Ok(())
    }

    /// Takes over the ids of a group. Those of a damaged row are not known any more: that events
    /// are accepted matters more than that one of them is not accepted twice.
    fn take(&mut self, row: &Row<'_>) -> rusqlite::Result<()> {
        let (seq, accepted_at, ever) = (sequence(row, 0)?, row.get(1)?, sequence(row, 3)?);
        let ids = row.get_ref(2)?.as_blob()?;
        if is_whole(row.get(4)?, &columns(seq, accepted_at, ids, ever)) {
            self.window.take(accepted_at, ids.as_chunks::<BYTES>().0.iter().map(split));
            self.ever = ever;
        }
        self.known = seq;
        Ok(())
    }

    /// Says what becomes of the entries of a group; nothing if all are new.
    pub(super) fn sift(&mut self, entries: &[Entry<'_>]) -> Option<Sifted> {
        self.window.sift(entries)
    }

    /// Keeps the ids of a group that was stored.
    pub(super) fn settle(&mut self) {
        self.window.settle();
        // A group without given ids says nothing of those that others stored before it.
        (self.known, self.ever) = self.pending.take().unwrap_or((self.known, self.ever));
    }

    /// Takes out the ids of a group that was not stored.
    pub(super) fn undo(&mut self) {
        self.window.undo();
        self.pending = None;
    }

    /// Stores the ids of a group that was accepted at a time; its last entry has the number `last`.
    pub(super) fn insert(
        &mut self,
        tx: &Connection,
        (entries, at): (&[Entry<'_>], Option<i64>),
        last: u64,
    ) -> rusqlite::Result<()> {
        let mut ids = Vec::new();
        for entry in entries {
            if let Some(content) = entry.content {
                ids.extend_from_slice(&entry.id.0);
                ids.extend_from_slice(&content.to_le_bytes());
            }
        }
        if ids.is_empty() {
            return Ok(());
        }
        let ever = self.ever + (ids.len() / BYTES) as u64;
        let sum = checksum(&columns(last, at.unwrap_or_default(), &ids, ever));
        tx.prepare_cached("INSERT INTO given_ids VALUES (?1, ?2, ?3, ?4, ?5)")?
            .execute(params![as_integer(last), at, ids, as_integer(ever), sum])?;
        self.pending = Some((last, ever));
        Ok(())
    }
}

/// Returns the groups whose given ids are not those that were stored.
pub(super) fn damaged(connection: &Connection) -> rusqlite::Result<Vec<u64>> {
    let mut statement =
        connection.prepare("SELECT seq, accepted_at, ids, end_ids, checksum FROM given_ids")?;
    let mut rows = statement.query([])?;
    let mut damaged = Vec::new();
    while let Some(row) = rows.next()? {
        let (seq, ids) = (sequence(row, 0)?, row.get_ref(2)?.as_blob()?);
        if !is_whole(row.get(4)?, &columns(seq, row.get(1)?, ids, sequence(row, 3)?)) {
            damaged.push(seq);
        }
    }
    Ok(damaged)
}

/// What of a row its checksum is about.
fn columns(last: u64, accepted_at: i64, ids: &[u8], ever: u64) -> [Column<'_>; 4] {
    [last.into(), accepted_at.into(), ids.into(), ever.into()]
}

/// Takes apart what the table has of one id.
fn split(bytes: &[u8; BYTES]) -> ([u8; 16], u64) {
    let mut id = [0; 16];
    let mut content = [0; 8];
    id.copy_from_slice(&bytes[..16]);
    content.copy_from_slice(&bytes[16..]);
    (id, u64::from_le_bytes(content))
}
