//! The tables, their version, and how a file is opened.

use std::path::Path;
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::types::{FromSqlError, Type};
use rusqlite::{
    Connection, ErrorCode, OpenFlags, OptionalExtension as _, Row, Transaction, TransactionBehavior,
};

use super::{Options, locks, look};
use crate::{Error, Kind};

/// Version of the tables and of what is in them.
pub const FORMAT: u32 = 4;

/// First version of the program that can read files of this format; written into each file.
const READABLE_BY: &str = "0.1.0";

/// The letters `IEvt`, which tell `file` and us that a database is one of ours.
const APPLICATION_ID: i32 = 0x4945_7674;

/// Bytes of a page. Larger ones save a twentieth of the cost of large groups and cost single
/// events as much (8 and 16 KiB, 2026-11), for a commit writes at least two whole pages.
pub(super) const PAGE_BYTES: u32 = 4096;

const TABLES: &str = "
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE journal (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  entries INTEGER NOT NULL,
  accepted_at INTEGER NOT NULL,
  ids BLOB NOT NULL,
  records BLOB NOT NULL,
  end_bytes INTEGER NOT NULL,
  checksum INTEGER
) STRICT;
CREATE TABLE keys (
  key_id INTEGER PRIMARY KEY AUTOINCREMENT,
  key TEXT NOT NULL UNIQUE,
  kind TEXT NOT NULL,
  rows INTEGER,
  checksum INTEGER
) STRICT;
CREATE TABLE cursors (
  destination TEXT PRIMARY KEY,
  seq INTEGER NOT NULL,
  started_after INTEGER NOT NULL,
  keeps_after INTEGER NOT NULL,
  state TEXT NOT NULL,
  checksum INTEGER
) STRICT, WITHOUT ROWID;
CREATE TABLE totals (key_id INTEGER PRIMARY KEY, value INTEGER NOT NULL, checksum INTEGER) STRICT;
CREATE TABLE uniques (key_id INTEGER PRIMARY KEY, hll BLOB NOT NULL, checksum INTEGER) STRICT;
CREATE TABLE sums (key_id INTEGER PRIMARY KEY, value REAL NOT NULL, checksum INTEGER) STRICT;
CREATE TABLE value_totals (
  key_id INTEGER NOT NULL,
  value ANY NOT NULL,
  count INTEGER NOT NULL,
  checksum INTEGER,
  PRIMARY KEY (key_id, value)
) STRICT, WITHOUT ROWID;
CREATE TABLE ledger (cause TEXT PRIMARY KEY, count INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE quarantine (
  number INTEGER PRIMARY KEY AUTOINCREMENT,
  received_at INTEGER NOT NULL,
  reason TEXT NOT NULL,
  event ANY NOT NULL,
  checksum INTEGER
) STRICT;
CREATE TABLE given_ids (
  seq INTEGER PRIMARY KEY,
  accepted_at INTEGER NOT NULL,
  ids BLOB NOT NULL,
  end_ids INTEGER NOT NULL,
  checksum INTEGER
) STRICT;
CREATE TABLE quarantine_size (events INTEGER NOT NULL, bytes INTEGER NOT NULL) STRICT;
INSERT INTO quarantine_size (events, bytes) VALUES (0, 0);
INSERT INTO cursors (destination, seq, started_after, keeps_after, state)
  VALUES ('counters', 0, 0, 0, '');
INSERT INTO meta (name, value) VALUES ('journal_id', lower(hex(randomblob(16))));
INSERT INTO meta (name, value) VALUES ('secret', lower(hex(randomblob(16))));
";

/// Stores from before there was a secret used the journal's id for one.
const KEEP_SECRET: &str = "INSERT OR IGNORE INTO meta (name, value)
     SELECT 'secret', value FROM meta WHERE name = 'journal_id'";

/// What format 2 has and format 1 had not. Ids given before are not known any more.
const UPGRADE_TO_2: &str = "
ALTER TABLE journal ADD COLUMN end_bytes INTEGER NOT NULL DEFAULT 0;
UPDATE journal SET end_bytes = sums.end_bytes FROM (
  SELECT seq, sum(length(ids) + length(records)) OVER (ORDER BY seq) AS end_bytes FROM journal
) AS sums WHERE sums.seq = journal.seq;
CREATE TABLE given_ids (
  seq INTEGER PRIMARY KEY,
  accepted_at INTEGER NOT NULL,
  ids BLOB NOT NULL,
  end_ids INTEGER NOT NULL
) STRICT;
CREATE TABLE quarantine_size (events INTEGER NOT NULL, bytes INTEGER NOT NULL) STRICT;
INSERT INTO quarantine_size
  SELECT count(*), coalesce(sum(length(CAST(event AS BLOB))), 0) FROM quarantine;
";

/// What format 3 has and format 2 had not. Rows get a checksum when they are next written: of
/// what is there nobody knows whether it is right.
const UPGRADE_TO_3: &str = "
ALTER TABLE journal ADD COLUMN checksum INTEGER;
ALTER TABLE keys ADD COLUMN rows INTEGER;
ALTER TABLE keys ADD COLUMN checksum INTEGER;
ALTER TABLE cursors ADD COLUMN started_after INTEGER NOT NULL DEFAULT 0;
ALTER TABLE cursors ADD COLUMN keeps_after INTEGER NOT NULL DEFAULT 0;
ALTER TABLE cursors ADD COLUMN state TEXT NOT NULL DEFAULT '';
ALTER TABLE cursors ADD COLUMN checksum INTEGER;
UPDATE cursors SET keeps_after = seq;
ALTER TABLE totals ADD COLUMN checksum INTEGER;
ALTER TABLE uniques ADD COLUMN checksum INTEGER;
ALTER TABLE sums ADD COLUMN checksum INTEGER;
ALTER TABLE value_totals ADD COLUMN checksum INTEGER;
ALTER TABLE quarantine ADD COLUMN checksum INTEGER;
ALTER TABLE given_ids ADD COLUMN checksum INTEGER;
";

// Format 4 has the tables of format 3, and groups in the journal that are packed.

/// Shows whoever only reads the tables of an older format as those of the newest. Temporary views
/// stand before the tables of the file, which is not written.
const AS_FORMAT_3: &str = "
CREATE TEMP VIEW keys AS SELECT *, NULL AS rows, NULL AS checksum FROM main.keys;
CREATE TEMP VIEW cursors AS
  SELECT *, 0 AS started_after, seq AS keeps_after, '' AS state, NULL AS checksum
  FROM main.cursors;
CREATE TEMP VIEW totals AS SELECT *, NULL AS checksum FROM main.totals;
CREATE TEMP VIEW uniques AS SELECT *, NULL AS checksum FROM main.uniques;
CREATE TEMP VIEW sums AS SELECT *, NULL AS checksum FROM main.sums;
CREATE TEMP VIEW value_totals AS SELECT *, NULL AS checksum FROM main.value_totals;
CREATE TEMP VIEW quarantine AS SELECT *, NULL AS checksum FROM main.quarantine;
";

/// The journal of format 1 as that of the newest.
const JOURNAL_1_AS_3: &str = "
CREATE TEMP VIEW journal AS
  SELECT *, sum(length(ids) + length(records)) OVER (ORDER BY seq) AS end_bytes, NULL AS checksum
  FROM main.journal;
";

/// The journal of format 2 as that of the newest, and the ids that format 1 had not.
const JOURNAL_2_AS_3: &str = "
CREATE TEMP VIEW journal AS SELECT *, NULL AS checksum FROM main.journal;
CREATE TEMP VIEW given_ids AS SELECT *, NULL AS checksum FROM main.given_ids;
";

/// Closing a connection neither writes the log into the database nor deletes it.
const KEEP_LOG: DbConfig = DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE;

/// What a database file turned out to be.
#[derive(Debug, PartialEq, Eq)]
enum Found {
    Nothing,
    /// A store of this format or an older one.
    Store {
        format: u32,
    },
}

/// Opens the file for writing; makes it, with its tables, if there is none.
///
/// The caller holds the writers' lock.
pub(super) fn open_or_create(path: &Path, busy_timeout: Duration) -> Result<Connection, Error> {
    look::refuse_unsound(path)?;
    // SQLite would make the file readable by everybody; its own files take over these rights.
    locks::create_unopened(path)?;
    let opened = |source| Error::Open { path: path.to_owned(), source };
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags).map_err(opened)?;
    connection.busy_timeout(busy_timeout).map_err(opened)?;
    // Of a file that turns out to be damaged or a stranger's nothing is changed: the last to
    // close it would write the log into it and delete that.
    connection.set_db_config(KEEP_LOG, true).map_err(opened)?;
    let found = examine(&connection, path)?;
    connection.set_db_config(KEEP_LOG, false).map_err(opened)?;
    connection.pragma_update(None, "synchronous", "FULL").map_err(opened)?;
    match found {
        Found::Nothing => {
            create(&connection).map_err(opened)?;
            // The directory has a new file: a crash of the machine must not lose the name of it.
            sync_dir(path).map_err(|source| Error::Create { path: path.to_owned(), source })?;
        }
        Found::Store { format: FORMAT } => {}
        Found::Store { format } => upgrade(&connection, format).map_err(opened)?,
    }
    if secret_row(&connection).map_err(opened)?.is_none() {
        connection.execute(KEEP_SECRET, []).map_err(opened)?;
    }
    Ok(connection)
}

/// Opens the file for reading; nothing if there is no store in it.
pub(super) fn open_existing(path: &Path) -> Result<Option<Connection>, Error> {
    look::refuse_unsound(path)?;
    let opened = |source| Error::Open { path: path.to_owned(), source };
    // Whatever else is wrong with the path, SQLite says so below.
    if let Ok(false) = path.try_exists() {
        return Ok(None);
    }
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags).map_err(opened)?;
    connection.busy_timeout(Options::default().busy_timeout).map_err(opened)?;
    match store_in(connection, path) {
        // SQLite wants to make files beside it, and may not.
        Err(Error::Open { source, .. })
            if source.sqlite_error_code() == Some(ErrorCode::CannotOpen) =>
        {
            look::open(path)
        }
        found => found,
    }
}

/// Gives the connection back if there is a store behind it, with the tables of the newest format.
pub(super) fn store_in(connection: Connection, path: &Path) -> Result<Option<Connection>, Error> {
    let views = match examine(&connection, path)? {
        Found::Nothing => return Ok(None),
        Found::Store { format: 1 } => [AS_FORMAT_3, JOURNAL_1_AS_3],
        Found::Store { format: 2 } => [AS_FORMAT_3, JOURNAL_2_AS_3],
        Found::Store { .. } => return Ok(Some(connection)),
    };
    for sql in views {
        connection
            .execute_batch(sql)
            .map_err(|source| Error::Open { path: path.to_owned(), source })?;
    }
    Ok(Some(connection))
}

/// Makes the newest format of an older one, at once or not at all.
fn upgrade(connection: &Connection, from: u32) -> rusqlite::Result<()> {
    let tx = Transaction::new_unchecked(connection, TransactionBehavior::Immediate)?;
    if from < 2 {
        tx.execute_batch(UPGRADE_TO_2)?;
    }
    if from < 3 {
        tx.execute_batch(UPGRADE_TO_3)?;
    }
    write_version(&tx)?;
    tx.commit()
}

fn write_version(tx: &Connection) -> rusqlite::Result<()> {
    for (name, value) in [("format", FORMAT.to_string()), ("readable_by", READABLE_BY.to_owned())] {
        tx.execute("INSERT OR REPLACE INTO meta (name, value) VALUES (?1, ?2)", [name, &value])?;
    }
    Ok(())
}

fn create(connection: &Connection) -> rusqlite::Result<()> {
    connection.pragma_update(None, "page_size", PAGE_BYTES)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    let tx = Transaction::new_unchecked(connection, TransactionBehavior::Immediate)?;
    tx.pragma_update(None, "application_id", APPLICATION_ID)?;
    tx.execute_batch(TABLES)?;
    write_version(&tx)?;
    tx.commit()
}

fn examine(connection: &Connection, path: &Path) -> Result<Found, Error> {
    let failed = |source: rusqlite::Error| match source.sqlite_error_code() {
        Some(ErrorCode::NotADatabase) => Error::NotAStore { path: path.to_owned() },
        _ => Error::Open { path: path.to_owned(), source },
    };
    let n_tables: i64 = connection
        .query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))
        .map_err(failed)?;
    if n_tables == 0 {
        return Ok(Found::Nothing);
    }
    let id: i32 =
        connection.pragma_query_value(None, "application_id", |row| row.get(0)).map_err(failed)?;
    if id != APPLICATION_ID {
        return Err(Error::NotAStore { path: path.to_owned() });
    }
    let format = meta(connection, "format").map_err(failed)?;
    match format.parse() {
        Ok(format @ 1..=FORMAT) => Ok(Found::Store { format }),
        Ok(format) => Err(Error::NewerFormat {
            path: path.to_owned(),
            format,
            readable_by: meta(connection, "readable_by").map_err(failed)?,
        }),
        Err(_) => Err(Error::NotAStore { path: path.to_owned() }),
    }
}

fn secret_row(connection: &Connection) -> rusqlite::Result<Option<String>> {
    let sql = "SELECT value FROM meta WHERE name = 'secret'";
    connection.query_row(sql, [], |row| row.get(0)).optional()
}

/// Reads what only those know who may read the file.
pub(super) fn secret(connection: &Connection) -> rusqlite::Result<String> {
    match secret_row(connection)? {
        Some(secret) => Ok(secret),
        None => meta(connection, "journal_id"),
    }
}

/// Reads one line of the table `meta`; a missing one is empty.
pub(super) fn meta(connection: &Connection, name: &str) -> rusqlite::Result<String> {
    connection
        .query_row("SELECT value FROM meta WHERE name = ?1", [name], |row| row.get(0))
        .optional()
        .map(Option::unwrap_or_default)
}

/// Reads a kind by its name.
pub(super) fn kind(row: &Row<'_>, column: usize) -> rusqlite::Result<Kind> {
    let name = row.get_ref(column)?.as_str()?;
    Kind::ALL.into_iter().find(|kind| kind.name() == name).ok_or_else(|| {
        let source = FromSqlError::Other("the kind of a counter has an unknown name".into());
        rusqlite::Error::FromSqlConversionFailure(column, Type::Text, Box::new(source))
    })
}

/// Returns the tables whose columns are not those of the newest format.
pub(super) fn strange_tables(connection: &Connection) -> rusqlite::Result<Vec<String>> {
    let as_made = Connection::open_in_memory()?;
    as_made.execute_batch(TABLES)?;
    let (expected, found) = (columns(&as_made)?, columns(connection)?);
    let of = |columns: &[[String; 2]], table: &str| -> Vec<String> {
        columns.iter().filter(|it| it[0] == table).map(|it| it[1].clone()).collect()
    };
    let mut tables: Vec<String> = expected.iter().map(|it| it[0].clone()).collect();
    tables.dedup();
    tables.retain(|table| of(&expected, table) != of(&found, table));
    Ok(tables)
}

/// Returns table and column of all columns, with what is declared of them.
fn columns(connection: &Connection) -> rusqlite::Result<Vec<[String; 2]>> {
    let sql = "SELECT tables.name, concat_ws(' ', columns.name, columns.type, \"notnull\", pk)
         FROM sqlite_schema AS tables, pragma_table_info(tables.name) AS columns
         WHERE tables.type = 'table' AND tables.name NOT LIKE 'sqlite_%' ORDER BY tables.name, cid";
    let mut statement = connection.prepare(sql)?;
    statement.query_map([], |row| Ok([row.get(0)?, row.get(1)?]))?.collect()
}

/// Makes a new or another name in the directory of `path` durable.
pub(super) fn sync_dir(path: &Path) -> std::io::Result<()> {
    match path.parent() {
        Some(dir) => std::fs::File::open(dir)?.sync_all(),
        None => Ok(()),
    }
}
