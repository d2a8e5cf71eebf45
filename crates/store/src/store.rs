//! The two sides of a store: the one that writes and the one that reads.

use std::collections::BTreeMap;

use crate::{
    Appended, Counters, Cursor, Delivery, Error, Forgotten, Group, KeptAside, Key, Kind, Page,
    StoredDeadLetter, StoredEntry, StoredQuarantined,
};

/// The destination whose cursor says up to where the counters have been written down.
pub const COUNTERS: &str = "counters";

/// Cause under which the ledger counts updates of a key that is another kind of counter.
pub const DROPPED_WRONG_TYPE: &str = "dropped:wrong_type";

/// Cause under which the ledger counts amounts that are infinite or not a number.
pub const DROPPED_NOT_A_NUMBER: &str = "dropped:not_a_number";

/// Cause under which the ledger counts updates of counters whose rows are damaged.
pub const DROPPED_DAMAGED_COUNTER: &str = "dropped:damaged_counter";

/// Name under which the ledger counts damaged counters that were counted again from the journal.
pub const RECOUNTED: &str = "repaired:recounted";

/// Name under which the ledger counts damaged counters that began anew, with less than they were.
pub const SET_ASIDE: &str = "repaired:set_aside";

/// Cause under which the ledger counts events that were in the journal already.
pub const DUPLICATE: &str = "duplicate";

/// Cause under which the ledger counts events that came with the id of another event.
pub const ID_COLLISION: &str = "id_collision";

/// Beginning of the causes under which the ledger counts entries that a destination left untaken
/// for too long; the name of the destination follows.
pub const DROPPED_BACKLOG: &str = "dropped:backlog:";

/// Cause under which the ledger counts events kept aside that made room for newer ones.
pub const DROPPED_QUARANTINE_FULL: &str = "dropped:quarantine_full";

/// Cause under which the ledger counts events that were kept aside for as long as they may be.
pub const DROPPED_QUARANTINE_EXPIRED: &str = "dropped:quarantine_expired";

/// Cause under which the ledger counts events kept aside that somebody threw away.
pub const DROPPED_BY_HAND: &str = "dropped:quarantine_by_hand";

/// Cause under which the ledger counts events kept aside that went into the journal after all.
///
/// Events ever kept aside = those kept now + replayed + dropped from quarantine by all causes.
pub const REPLAYED: &str = "replayed";

/// Takes groups of events into the journal and writes counters down. One thread drives it.
///
/// The loop of that thread is: [`append`](Self::append), answer the callers,
/// [`checkpoint`](Self::checkpoint) if it [is due](Self::is_checkpoint_due). An idle writer calls
/// `checkpoint` too, about once a second, and once more before it ends: until then counters are
/// right, but readers fold a longer tail.
pub trait Store: Send {
    /// Returns the handle of a counter key; the same text always gives the same handle. No IO.
    fn intern(&mut self, key: &str) -> Key;

    /// Takes a group into the journal; it is durable when this returns.
    ///
    /// Returns the sequence numbers of the entries that were stored and what became of each. An
    /// entry whose id was [given](crate::Entry::content) is looked for among those accepted within
    /// [`Limits::window`](crate::Limits::window) by any handle to the same data: with the same
    /// content it is a duplicate and not stored, with other content it gets another id. Both are
    /// counted in the ledger, as [`DUPLICATE`] and [`ID_COLLISION`].
    ///
    /// The first use of a key in the journal decides its kind. Later updates of another kind stay
    /// in the journal as they were routed, move nothing, and are counted in the ledger.
    ///
    /// # Errors
    ///
    /// Fails if the world does (disk full, file damaged), with [`Error::NoSpace`] if the disk is
    /// nearly full, and with [`Error::NotQuarantined`] if an event to be replayed is not there, or
    /// [`Error::NotInOutbox`] if one to be tried again is not.
    /// Then nothing of the group was taken, and the next call may succeed.
    ///
    /// # Panics
    ///
    /// Panics if a [`Key`] was interned by another handle.
    fn append(&mut self, group: &Group<'_>) -> Result<Appended, Error>;

    /// Looks whether a group that came now would be taken, as far as that shows without writing.
    ///
    /// # Errors
    ///
    /// Fails with what [`append`](Self::append) would fail with.
    fn look(&mut self) -> Result<(), Error>;

    /// Throws away events kept aside, and returns how many of the numbers there were.
    ///
    /// # Errors
    ///
    /// Fails if the world does. Then all of them are still there.
    fn drop_quarantined(&mut self, numbers: &[u64]) -> Result<u64, Error>;

    /// Throws away what destinations have rejected, and returns how many of the numbers there were.
    ///
    /// # Errors
    ///
    /// Fails if the world does. Then all of them are still there.
    fn drop_dead_letters(&mut self, numbers: &[u64]) -> Result<u64, Error>;

    /// Returns whether a second of `accepted_at` or 100,000 events have passed since the last
    /// checkpoint.
    fn is_checkpoint_due(&self) -> bool;

    /// Writes the counters down together with their cursor, in one transaction; then takes some of
    /// what is beyond the [`Limits`](crate::Limits) out of the journal and the quarantine.
    ///
    /// Of all handles to the same data one at a time may do this; for the others it does nothing.
    ///
    /// # Errors
    ///
    /// Fails if the world does. The counters on disk are then those of the last checkpoint, and
    /// nothing is lost: the next one starts from there.
    fn checkpoint(&mut self) -> Result<(), Error>;

    /// Opens the cursor of a destination, for the thread that delivers to it.
    ///
    /// # Errors
    ///
    /// Fails if the data cannot be opened once more, or is damaged.
    ///
    /// # Panics
    ///
    /// Panics if the name has anything but lower-case letters, digits and hyphens.
    fn cursor(&self, destination: &str) -> Result<Box<dyn Cursor>, Error>;

    /// Forgets all destinations but those named, and those another process delivers to; returns
    /// which they were.
    ///
    /// # Errors
    ///
    /// Fails if the world does. Then none is forgotten.
    fn keep_destinations(&mut self, names: &[&str]) -> Result<Vec<Forgotten>, Error>;

    /// Opens a reader of the same data, for any thread.
    ///
    /// # Errors
    ///
    /// Fails if the data cannot be opened once more.
    fn reader(&self) -> Result<Box<dyn Reader>, Error>;
}

/// Answers questions about counters and journal. Each answer is consistent in itself.
pub trait Reader: CounterReader {
    /// Returns the counters under `keys`, including everything appended before this call.
    ///
    /// # Errors
    ///
    /// Fails if the data cannot be read or is damaged; so do all methods.
    fn counters(&mut self, keys: &[&str]) -> Result<Counters, Error>;

    /// Returns the keys of all counters, in order.
    ///
    /// # Errors
    ///
    /// Fails if the data cannot be read.
    fn keys(&mut self) -> Result<Vec<String>, Error>;

    /// Returns up to `limit` entries with sequence numbers above `after`, in order.
    ///
    /// # Errors
    ///
    /// Fails if the data cannot be read or is damaged.
    fn entries(&mut self, after: u64, limit: usize) -> Result<Vec<StoredEntry>, Error> {
        self.page(after, Page { entries: limit, bytes: usize::MAX })
    }

    /// Returns entries with sequence numbers above `after`, in order, as many as fit on a page.
    ///
    /// # Errors
    ///
    /// Fails if the data cannot be read or is damaged.
    fn page(&mut self, after: u64, page: Page) -> Result<Vec<StoredEntry>, Error>;

    /// Returns up to `limit` events kept aside, oldest first, all of which are to be whole.
    ///
    /// # Errors
    ///
    /// Fails if the data cannot be read, and with [`Error::Kept`] if one of them is damaged.
    fn quarantined(&mut self, limit: usize) -> Result<Vec<StoredQuarantined>, Error> {
        let kept = self.quarantined_after(0, limit)?;
        match kept.damaged.first() {
            Some(&number) => Err(Error::Kept { number }),
            None => Ok(kept.events),
        }
    }

    /// Returns up to `limit` events kept aside with numbers above `after`, oldest first, and which
    /// of them are damaged.
    ///
    /// # Errors
    ///
    /// Fails if the data cannot be read.
    fn quarantined_after(&mut self, after: u64, limit: usize) -> Result<KeptAside, Error>;

    /// Returns up to `limit` entries that destinations have rejected, with numbers above `after`,
    /// oldest first.
    ///
    /// # Errors
    ///
    /// Fails if the data cannot be read.
    fn dead_letters(&mut self, after: u64, limit: usize) -> Result<Vec<StoredDeadLetter>, Error>;

    /// Returns a random text that stays the same as long as there are the data, and that only
    /// those know who may read them.
    ///
    /// # Errors
    ///
    /// Fails if the data cannot be read.
    fn secret(&mut self) -> Result<String, Error>;

    /// Returns how the store is doing.
    ///
    /// # Errors
    ///
    /// Fails if the data cannot be read.
    fn status(&mut self) -> Result<Status, Error>;
}

/// Reads counters, wherever they are kept.
pub trait CounterReader: Send {
    /// Returns the counters under keys of the kinds that whoever asks expects.
    ///
    /// A key of another kind is returned as what it is: the getters of [`Counters`] say so.
    ///
    /// # Errors
    ///
    /// Fails if the counters cannot be read.
    fn read_counters(&mut self, keys: &[(&str, Kind)]) -> Result<Counters, Error>;
}

impl<R: Reader + ?Sized> CounterReader for R {
    fn read_counters(&mut self, keys: &[(&str, Kind)]) -> Result<Counters, Error> {
        let keys: Vec<&str> = keys.iter().map(|(key, _)| *key).collect();
        self.counters(&keys)
    }
}

/// How a store is doing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Status {
    /// Sequence number of the newest entry, and how many were ever accepted.
    pub last_sequence: u64,
    /// For each destination the last entry that took effect there, or was dropped for it.
    pub cursors: BTreeMap<String, u64>,
    /// What became of the entries for each destination.
    pub deliveries: BTreeMap<String, Delivery>,
    /// How often each cause was counted.
    pub ledger: BTreeMap<String, u64>,
    /// How many events are kept aside now.
    pub quarantine_size: u64,
    /// How many events were ever kept aside.
    pub quarantined: u64,
    /// Version of the format on disk; 0 in memory.
    pub format: u32,
    /// Random name of this journal, made with it: 32 hexadecimal digits.
    pub journal_id: String,
}
