//! The bytes on disk are those of `docs/store-format.md`, and old files still open.
//!
//! `fixtures/compat/store-4` is the document's worked example, written by this version. Its
//! queries are run on it, and today's store must write the same rows.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use internal_events_store::{
    COUNTERS, Change, Entry, EventId, FORMAT, Group, Options, Quarantined, Reader as _, Sqlite,
    Store as _, StoredChange, Update, recount,
};
use rusqlite::types::ValueRef;
use tempfile::TempDir;

/// Set to a new directory, it makes the tests write the fixture there.
const WRITE_TO: &str = "INTERNAL_EVENTS_WRITE_FIXTURE_TO";

const DATABASE: &str = "internal-events.db";

/// 2026-11-22 00:00 UTC.
const MIDNIGHT: i64 = 1_795_305_600_000;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// A copy of the fixture of a format, for opening a database may write to it.
fn fixture(format: u32) -> TempDir {
    let copy = tempfile::tempdir().unwrap();
    let name = format!("fixtures/compat/store-{format}");
    fs::copy(root().join(name).join(DATABASE), copy.path().join(DATABASE)).unwrap();
    copy
}

fn entry<'a>(n: u8, event: &'a str, updates: &'a [Update<'a>]) -> Entry<'a> {
    let id = std::array::from_fn(|idx| if idx == 15 { n } else { 0xe0 });
    Entry {
        id: EventId(id),
        accepted_at: MIDNIGHT + i64::from(n) * 5,
        catalog: 0x0123_4567_89ab_cdef,
        event: event.as_bytes(),
        updates,
        content: None,
    }
}

/// Writes the worked example: a group that was counted, and one that was not yet.
fn write_example(dir: &Path) {
    let mut store = Sqlite::open(dir, Options::default()).unwrap();
    let edits = store.intern("{event_counters}_edit_document");
    let editors = store.intern("{hll_counters}_edit_document-user-2026-47");
    let paid = store.intern("{event_sums}_pay-value");
    let plans = store.intern("{event_counters}_pay-plan");
    let edit = |user| {
        let observe = Change::Observe(user);
        [Update { key: edits, change: Change::Add(1) }, Update { key: editors, change: observe }]
    };
    let pay = [
        Update { key: paid, change: Change::Sum(2.5) },
        Update { key: plans, change: Change::Count(b"gold") },
    ];
    let first = edit(b"42");
    let entries =
        [entry(1, r#"{"event":"edit_document"}"#, &first), entry(2, r#"{"event":"pay"}"#, &pay)];
    store.append(&Group { entries: &entries, ..Group::default() }).unwrap();
    store.checkpoint().unwrap();
    let second = edit(b"43");
    let quarantined = [Quarantined {
        received_at: MIDNIGHT + 15,
        reason: "unknown_event",
        event: br#"{"event":"edit_docment"}"#,
    }];
    let group = Group {
        entries: &[Entry {
            content: Some(0x0011_2233_4455_6677),
            ..entry(3, r#"{"event":"edit_document"}"#, &second)
        }],
        quarantined: &quarantined,
        ledger: &[("duplicate", 2)],
        ..Group::default()
    };
    store.append(&group).unwrap();
}

/// Everything in the file but its random name and secret, as text.
fn dump(dir: &Path) -> String {
    let db = rusqlite::Connection::open(dir.join(DATABASE)).unwrap();
    let mut tables =
        db.prepare("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name").unwrap();
    let tables: Vec<String> =
        tables.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
    let mut dump = String::new();
    for table in tables {
        let rest = if table == "meta" { " WHERE name NOT IN ('journal_id', 'secret')" } else { "" };
        let rows = query(&db, &format!("SELECT * FROM {table}{rest}"));
        writeln!(dump, "{table}\n{rows}").unwrap();
    }
    dump
}

/// What the shell of SQLite prints for a query; blobs in hexadecimal.
fn query(db: &rusqlite::Connection, sql: &str) -> String {
    let mut statement = db.prepare(sql).unwrap();
    let n_columns = statement.column_count();
    let rows = statement
        .query_map([], |row| {
            let columns = (0..n_columns).map(|idx| match row.get_ref(idx).unwrap() {
                ValueRef::Null => String::new(),
                ValueRef::Integer(number) => number.to_string(),
                ValueRef::Real(number) => format!("{number:?}"),
                ValueRef::Text(text) => String::from_utf8(text.to_vec()).unwrap(),
                ValueRef::Blob(blob) => hex(blob),
            });
            Ok(columns.collect::<Vec<_>>().join("|"))
        })
        .unwrap();
    rows.map(Result::unwrap).collect::<Vec<_>>().join("\n")
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut hex, byte| {
        write!(hex, "{byte:02x}").unwrap();
        hex
    })
}

/// The fenced blocks of the document: their language and their text.
fn blocks() -> Vec<(String, String)> {
    let text = fs::read_to_string(root().join("docs/store-format.md")).unwrap();
    let blocks: Vec<_> = text
        .split("```")
        .skip(1)
        .step_by(2)
        .map(|block| {
            let (language, body) = block.split_once('\n').unwrap();
            (language.to_owned(), body.trim_end().to_owned())
        })
        .collect();
    assert!(blocks.len() > 10, "the document has its examples");
    blocks
}

#[test]
fn the_worked_example_is_still_written_the_same() {
    if let Ok(dir) = std::env::var(WRITE_TO) {
        write_example(Path::new(&dir));
    }
    let scratch = tempfile::tempdir().unwrap();
    write_example(scratch.path());
    assert_eq!(dump(scratch.path()), dump(fixture(FORMAT).path()));
}

#[test]
fn files_of_all_formats_still_open_and_go_on() {
    for format in 1..=FORMAT {
        opens_and_goes_on(format);
    }
}

fn opens_and_goes_on(format: u32) {
    let fixture = fixture(format);
    let mut reader = Sqlite::reader(fixture.path()).unwrap().unwrap();
    let status = reader.status().unwrap();
    assert_eq!((status.format, status.last_sequence, status.cursors[COUNTERS]), (format, 3, 2));
    assert_eq!((status.ledger["duplicate"], status.quarantine_size), (2, 1));
    let entries = reader.entries(0, 10).unwrap();
    assert_eq!(entries.iter().map(|it| it.accepted_at - MIDNIGHT).collect::<Vec<_>>(), [5, 10, 15]);
    assert_eq!(entries[1].updates[1].change, StoredChange::Count(b"gold".to_vec()));
    assert_eq!(entries[2].id.to_string(), "e0e0e0e0-e0e0-e0e0-e0e0-e0e0e0e0e003");
    let keys = reader.keys().unwrap();
    let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
    let counters = reader.counters(&keys).unwrap();
    assert_eq!(counters.total("{event_counters}_edit_document"), Ok(2));
    assert_eq!(counters.distinct(["{hll_counters}_edit_document-user-2026-47"]), Ok(2));
    assert_eq!(counters.sum("{event_sums}_pay-value"), Ok(2.5));
    assert_eq!(counters.per_value("{event_counters}_pay-plan").unwrap()[&b"gold"[..]], 1);
    assert_eq!(counters, recount(&mut reader).unwrap().counters);

    // Whoever is about to upgrade looks at it first, and keeps a copy.
    let copy = fixture.path().join("copy");
    Sqlite::backup(fixture.path(), &copy).unwrap();
    for dir in [fixture.path(), &copy] {
        let verified = Sqlite::verify(dir).unwrap();
        assert!(verified.findings.is_empty(), "format {format}: {:?}", verified.findings);
        assert_eq!(Sqlite::inspect(dir).unwrap().unwrap().status.format, format);
    }

    // It goes on: what is appended now is counted together with what was there.
    let mut store = Sqlite::open(fixture.path(), Options::default()).unwrap();
    let key = store.intern("{event_counters}_edit_document");
    let updates = [Update { key, change: Change::Add(1) }];
    let group = Group { entries: &[entry(4, "{}", &updates)], ..Group::default() };
    assert_eq!(store.append(&group).unwrap().range, 4..5);
    // Nothing says of older formats which ids were given; from now on they are remembered.
    for is_known in [format > 1, true] {
        let again = [Entry { content: Some(0x0011_2233_4455_6677), ..entry(3, "{}", &[]) }];
        let appended = store.append(&Group { entries: &again, ..Group::default() }).unwrap();
        assert_eq!(appended.n_duplicates(), u64::from(is_known));
    }
    store.checkpoint().unwrap();
    assert_eq!(reader.status().unwrap().format, FORMAT, "the file was upgraded");
    let counters = reader.counters(&keys).unwrap();
    assert_eq!(counters.total("{event_counters}_edit_document"), Ok(3));
    assert_eq!(counters, recount(&mut reader).unwrap().counters);
}

#[test]
fn a_large_group_is_packed_and_read_as_it_was() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = Sqlite::open(dir.path(), Options::default()).unwrap();
    let key = store.intern("{event_counters}_edit_document");
    let updates = [Update { key, change: Change::Add(1) }];
    let events: Vec<String> = (0..200)
        .map(|n| format!(r#"{{"event":"edit_document","user":{n},"project":{}}}"#, n * 31))
        .collect();
    let entries: Vec<Entry<'_>> = events.iter().map(|it| entry(1, it, &updates)).collect();
    store.append(&Group { entries: &entries[..1], ..Group::default() }).unwrap();
    store.append(&Group { entries: &entries[1..], ..Group::default() }).unwrap();
    store.checkpoint().unwrap();

    let db = rusqlite::Connection::open(dir.path().join(DATABASE)).unwrap();
    let rows = "SELECT hex(substr(records, 1, 1)), length(records) * 3 < ?1, end_bytes = (
                  SELECT sum(length(ids) + length(records)) FROM journal AS it
                  WHERE it.seq <= journal.seq
                ) FROM journal ORDER BY seq";
    let bytes: usize = events.iter().map(String::len).sum();
    let rows: Vec<(String, bool, bool)> = db
        .prepare(rows)
        .unwrap()
        .query_map([i64::try_from(bytes).unwrap()], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?))
        })
        .unwrap()
        .map(Result::unwrap)
        .collect();
    assert_eq!(rows, [("01".to_owned(), true, true), ("02".to_owned(), true, true)]);

    let mut reader = Sqlite::reader(dir.path()).unwrap().unwrap();
    let read = reader.entries(0, 1_000).unwrap();
    let read: Vec<&[u8]> = read.iter().map(|it| &it.event[..]).collect();
    assert_eq!(read, events.iter().map(String::as_bytes).collect::<Vec<_>>());
    let counters = reader.counters(&["{event_counters}_edit_document"]).unwrap();
    assert_eq!(counters.total("{event_counters}_edit_document"), Ok(200));
    assert_eq!(counters, recount(&mut reader).unwrap().counters);
    assert!(Sqlite::verify(dir.path()).unwrap().findings.is_empty());

    // One that is not what was written, though its checksum is: the block, not the row, is wrong.
    db.execute("UPDATE journal SET records = x'020405', checksum = NULL WHERE seq = 200", [])
        .unwrap();
    let error = reader.entries(0, 1_000).unwrap_err().to_string();
    let findings = Sqlite::verify(dir.path()).unwrap().findings;
    assert!(error.contains("200") && findings.len() == 1, "{error} {findings:?}");
}

#[test]
fn the_document_shows_the_tables_as_they_are() {
    let fixture = fixture(FORMAT);
    let db = rusqlite::Connection::open(fixture.path().join(DATABASE)).unwrap();
    let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let tables = "SELECT sql || ';' FROM sqlite_schema WHERE name NOT LIKE 'sqlite_%'";
    let (_, shown) =
        blocks().into_iter().find(|(_, body)| body.starts_with("CREATE TABLE")).unwrap();
    assert_eq!(words(&shown), words(&query(&db, tables)));
}

#[test]
fn the_queries_of_the_document_print_what_it_says() {
    let fixture = fixture(FORMAT);
    let db = rusqlite::Connection::open(fixture.path().join(DATABASE)).unwrap();
    let blocks = blocks();
    let mut n_queries = 0;
    for pair in blocks.windows(2) {
        let [(language, sql), (_, expected)] = pair else { unreachable!() };
        if language == "sql" && sql.starts_with("SELECT") {
            n_queries += 1;
            assert_eq!(query(&db, sql), *expected, "{sql}");
        }
    }
    assert!(n_queries > 5, "the document has its queries");
}

#[test]
fn the_bytes_of_the_document_are_those_of_the_file() {
    let fixture = fixture(FORMAT);
    let db = rusqlite::Connection::open(fixture.path().join(DATABASE)).unwrap();
    let (_, shown) = blocks().into_iter().find(|(language, _)| language == "hex").unwrap();
    // A line is bytes, two spaces, and what they mean.
    let shown: String =
        shown.lines().map(|line| line.split("  ").next().unwrap().replace(' ', "")).collect();
    assert_eq!(shown, query(&db, "SELECT records FROM journal WHERE seq = 2"));
}
