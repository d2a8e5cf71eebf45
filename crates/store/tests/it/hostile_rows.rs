//! Whatever stands in a column, in a file that others can write to: what is asked is answered or
//! refused with an error, and nothing panics.

use internal_events_store::{
    Change, Entry, Error, EventId, Group, Options, Quarantined, Reader as _, Sqlite, Store as _,
    Update,
};
use std::fs;
use std::path::Path;

/// What may stand in any column, as SQL.
const VALUES: [&str; 9] = [
    "NULL",
    "-1",
    "4294967296",
    "9223372036854775807",
    "-9223372036854775808",
    "1.5e308",
    "'text'",
    "x'ff'",
    "zeroblob(25)",
];

fn open(dir: &Path) -> Result<Sqlite, Error> {
    Sqlite::open(dir, Options::default())
}

fn connect(dir: &Path) -> rusqlite::Connection {
    rusqlite::Connection::open(dir.join("internal-events.db")).unwrap()
}

/// Appends an event with an id of its caller's, and keeps one aside.
fn append(store: &mut Sqlite, n: u8, is_first: bool) -> Result<(), Error> {
    let keys = ["t", "u", "s", "v"].map(|key| store.intern(key));
    let element = [n];
    let changes =
        [Change::Add(1), Change::Observe(&element), Change::Sum(0.5), Change::Count(&element)];
    let updates: [Update<'_>; 4] =
        std::array::from_fn(|it| Update { key: keys[it], change: changes[it] });
    let entry = Entry {
        id: EventId([n; 16]),
        accepted_at: i64::from(n),
        catalog: 1,
        event: b"{\"event\":\"e\"}",
        updates: &updates,
        content: Some(u64::from(n)),
    };
    let kept = [Quarantined { received_at: 0, reason: "unknown_event", event: b"{}" }];
    let ledger = [("refused:strict", 1)];
    let quarantined = if is_first { &kept[..] } else { &[] };
    let group = Group { entries: &[entry], quarantined, ledger: &ledger, ..Group::default() };
    store.append(&group).map(drop)
}

/// Asks for everything that a store can be asked, and does all that one does with it.
fn use_all(dir: &Path) {
    let _ = Sqlite::verify(dir);
    if let Ok(Some(mut reader)) = Sqlite::reader(dir) {
        let _ = reader.counters(&["t", "u", "s", "v", "nobody's"]);
        let _ = reader.entries(0, usize::MAX);
        let _ = reader.quarantined(usize::MAX);
        let _ = reader.status();
        let _ = reader.keys();
    }
    let Ok(mut store) = open(dir) else { return };
    for n in [1, 2, 200] {
        let _ = append(&mut store, n, n == 2);
    }
    let _ = store.checkpoint();
    let _ = append(&mut store, 201, false);
    let _ = Sqlite::backup(dir, &dir.join("copy"));
}

#[test]
fn no_value_in_any_column_makes_anything_panic() {
    let home = tempfile::tempdir().unwrap();
    let good = home.path().join("good");
    let mut store = open(&good).unwrap();
    for n in 0..3 {
        append(&mut store, n, n == 0).unwrap();
    }
    store.checkpoint().unwrap();
    append(&mut store, 3, false).unwrap();
    drop(store);
    let columns: Vec<(String, String)> = {
        let db = connect(&good);
        db.pragma_update(None, "wal_checkpoint", "TRUNCATE").unwrap();
        let mut query = db
            .prepare(
                "SELECT t.name, c.name FROM pragma_table_list t, pragma_table_info(t.name) c \
                 WHERE t.type = 'table' AND t.name != 'sqlite_schema' AND t.schema = 'main'",
            )
            .unwrap();
        let rows = query.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
        rows.map(Result::unwrap).collect()
    };
    assert!(columns.len() > 30, "{columns:?}");
    let dir = home.path().join("data");
    let mut n_changed = 0;
    for (table, column) in &columns {
        for value in VALUES {
            let _ = fs::remove_dir_all(&dir);
            fs::create_dir(&dir).unwrap();
            fs::copy(good.join("internal-events.db"), dir.join("internal-events.db")).unwrap();
            let db = connect(&dir);
            let sql = format!("UPDATE OR IGNORE {table} SET {column} = {value}");
            // Some columns take no such value, and some rows are not there.
            let changed = db.execute(&sql, []).unwrap_or_default();
            drop(db);
            if changed > 0 {
                n_changed += 1;
                eprintln!("{sql}");
                use_all(&dir);
            }
        }
    }
    assert!(n_changed > 150, "{n_changed}");
}
