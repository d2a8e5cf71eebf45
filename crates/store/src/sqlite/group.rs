//! One row of the journal.

use rusqlite::{Connection, Row};

use super::checksum::{Column, is_whole};
use super::{as_integer, sequence};
use crate::record::{self, DecodeError, Record};
use crate::{Change, Error};

/// One commit group as its row has it, borrowed from wherever it is.
#[derive(Debug, Clone, Copy)]
pub(super) struct StoredGroup<'a> {
    /// Sequence number of the last entry.
    pub(super) last: u64,
    /// How many entries there are.
    pub(super) n_entries: u64,
    /// The ids of the entries, 16 bytes each.
    pub(super) ids: &'a [u8],
    /// The entries, encoded and perhaps packed.
    pub(super) records: &'a [u8],
    /// Whether the row is as it was written.
    pub(super) is_whole: bool,
}

/// What of a row its checksum is about.
pub(super) fn columns<'a>(
    last: u64,
    n_entries: u64,
    accepted_at: i64,
    (ids, records): (&'a [u8], &'a [u8]),
    end_bytes: u64,
) -> [Column<'a>; 6] {
    [
        last.into(),
        n_entries.into(),
        accepted_at.into(),
        ids.into(),
        records.into(),
        end_bytes.into(),
    ]
}

impl StoredGroup<'_> {
    /// Returns the number of the first entry.
    pub(super) fn first(&self) -> u64 {
        (self.last + 1).saturating_sub(self.n_entries)
    }

    /// Makes sure that the row is as it was written.
    pub(super) fn check(&self) -> Result<(), Error> {
        if self.is_whole { Ok(()) } else { Err(self.damaged(DecodeError::Checksum)) }
    }

    /// Makes sure that nothing is missing between entry `before` and this group.
    pub(super) fn follows(&self, before: u64) -> Result<(), Error> {
        match self.first() {
            first if first > before + 1 => Err(Error::Gap { after: before, before: first }),
            _ => Ok(()),
        }
    }

    /// Visits the records after `after` with their numbers, in order.
    ///
    /// That the group has as many records as its row says is known only at the end: whoever
    /// changes something while visiting gives it up after an error.
    pub(super) fn for_each(
        &self,
        after: u64,
        mut visit: impl FnMut(u64, Record<'_>) -> Result<(), Error>,
    ) -> Result<(), Error> {
        self.check()?;
        let first = self.first();
        let mut found = 0;
        let mut room = Vec::new();
        let group = record::unpack(self.records, &mut room).map_err(|it| self.damaged(it))?;
        for record in record::decode(group).map_err(|it| self.damaged(it))? {
            let record = record.map_err(|it| self.damaged(it))?;
            let sequence = first + found;
            found += 1;
            if sequence > after {
                visit(sequence, record)?;
            }
        }
        if found != self.n_entries {
            return Err(self.damaged(DecodeError::Count { expected: self.n_entries, found }));
        }
        Ok(())
    }

    /// Visits the updates of the records after `after`.
    #[inline]
    pub(super) fn for_each_update(
        &self,
        after: u64,
        mut visit: impl FnMut(u32, Change<'_>) -> Result<(), Error>,
    ) -> Result<(), Error> {
        self.for_each(after, |_, record| {
            for update in record.updates {
                let (key_id, change) = update.map_err(|it| self.damaged(it))?;
                visit(key_id, change)?;
            }
            Ok(())
        })
    }

    /// Returns the id of the entry with the number `sequence`.
    pub(super) fn id(&self, sequence: u64) -> Result<[u8; 16], Error> {
        let (ids, _) = self.ids.as_chunks();
        let place = (sequence + self.n_entries).checked_sub(self.last + 1);
        let id = place.and_then(|it| usize::try_from(it).ok()).and_then(|it| ids.get(it));
        let found = ids.len() as u64;
        id.copied()
            .ok_or_else(|| self.damaged(DecodeError::Count { expected: self.n_entries, found }))
    }

    pub(super) fn damaged(&self, source: DecodeError) -> Error {
        Error::Journal { sequence: self.last, source }
    }
}

/// Whether to go on with the next group.
pub(super) enum Next {
    Group,
    Stop,
}

/// Visits the groups that have entries after `after`, in order; returns whether all were visited.
pub(super) fn for_each_group(
    connection: &Connection,
    after: u64,
    mut visit: impl FnMut(StoredGroup<'_>) -> Result<Next, Error>,
) -> Result<bool, Error> {
    let mut statement = connection
        .prepare_cached(
            "SELECT seq, entries, accepted_at, ids, records, end_bytes, checksum
             FROM journal WHERE seq > ?1 ORDER BY seq",
        )
        .map_err(Error::Read)?;
    let mut rows = statement.query([as_integer(after)]).map_err(Error::Read)?;
    while let Some(row) = rows.next().map_err(Error::Read)? {
        if let Next::Stop = visit(read(row).map_err(Error::Read)?)? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Reads a row: number of the last entry, how many there are, time, ids, records, bytes up to its
/// end, checksum.
pub(super) fn read<'a>(row: &'a Row<'_>) -> rusqlite::Result<StoredGroup<'a>> {
    let (last, n_entries) = (sequence(row, 0)?, sequence(row, 1)?);
    let (ids, records) = (row.get_ref(3)?.as_blob()?, row.get_ref(4)?.as_blob()?);
    let columns = columns(last, n_entries, row.get(2)?, (ids, records), sequence(row, 5)?);
    Ok(StoredGroup { last, n_entries, ids, records, is_whole: is_whole(row.get(6)?, &columns) })
}
