//! Keeps the journal and the counters: in memory, in one SQLite file, in Redis.
//!
//! An event is accepted when its [`Entry`] is in the journal. An entry carries what it was routed
//! to when it was accepted: its [`Update`]s. Counters are folded from the updates alone, so a store
//! needs to know neither catalog nor clock, and folding the same journal again gives the same
//! bytes.
//!
//! ```text
//!  append(Group) ──► journal ──fold──► counters ──checkpoint──► tables + cursor, one transaction
//!                       │                                            │
//!                       └──────── tail after the cursor ─────────────┴──► Reader::counters
//! ```
//!
//! * [`Store`] is what one writer thread drives, [`Reader`] what anybody else asks.
//! * [`Sqlite`] keeps everything in one file that several processes may share; its format is in
//!   `docs/store-format.md`, and [`record`] is the part of it that SQLite does not know.
//! * [`Memory`] keeps everything in memory, with the same answers.
//! * [`Cursor`] is how any further destination reads the journal, each as far as it has come.
//! * [`recount()`] counts the journal again, to be compared with the counters that were kept.

mod counters;
mod cursor;
mod entry;
mod error;
mod limits;
mod memory;
mod names;
mod outbox;
pub mod record;
mod recount;
#[cfg(feature = "redis")]
mod redis;
mod sqlite;
mod store;
mod taken;
mod window;

pub use counters::{Counter, CounterError, Counters, Kind, OTHER_VALUES};
pub use cursor::{Cursor, CursorPlace, Delivery, Forgotten, Page, Step};
pub use entry::{
    Appended, Change, Entry, EventId, Group, KeptAside, Key, Outcome, Quarantined, StoredChange,
    StoredEntry, StoredQuarantined, StoredUpdate, Update, content_hash,
};
pub use error::{CounterDamage, Error};
pub use limits::Limits;
pub use memory::Memory;
pub use outbox::{DeadLetter, StoredDeadLetter};
pub use recount::{Recount, recount};
#[cfg(feature = "redis")]
pub use redis::{
    Applied, Failed, FailureCause, Guard, JournalPlace, REDIS, Reading, RedisCopier,
    RedisCounterReader, RedisCounters, RedisError, RedisNotice, RedisOptions, RedisReader,
    RedisTls, Resume, Unreadable,
};
pub use sqlite::{
    FORMAT, Finding, Inspection, LeaseState, Options, Place, Progress, Remedy, Repair, Sqlite,
    SqliteReader, Stretch, Verified,
};
pub use store::{
    COUNTERS, CounterReader, DROPPED_BACKLOG, DROPPED_BY_HAND, DROPPED_DAMAGED_COUNTER,
    DROPPED_NOT_A_NUMBER, DROPPED_QUARANTINE_EXPIRED, DROPPED_QUARANTINE_FULL, DROPPED_WRONG_TYPE,
    DUPLICATE, ID_COLLISION, RECOUNTED, REPLAYED, Reader, SET_ASIDE, Status, Store,
};
pub use taken::Taken;
