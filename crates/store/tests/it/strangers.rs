//! What people and other programs do to the files of a store that is in use.

use std::env;
use std::fs;
use std::path::Path;
use std::process::Command;

use internal_events_store::{Error, Options, Sqlite, Store as _};

use crate::stopped::try_append;

/// Set for a child: the directory whose database it is to read as a stranger.
const DIRECTORY: &str = "INTERNAL_EVENTS_STORE_TEST_STRANGER";

fn open(dir: &Path) -> Sqlite {
    Sqlite::open(dir, Options::default()).expect("the store opens")
}

/// Returns how many entries another process would find.
fn entries(dir: &Path) -> u64 {
    let found = Sqlite::inspect(dir).expect("the store can be read");
    found.map_or(0, |it| it.journal.events)
}

/// Reads the database and closes it; does nothing unless started by another test here.
#[test]
fn child_reads_as_a_stranger() {
    let Some(dir) = env::var_os(DIRECTORY) else { return };
    let database = Path::new(&dir).join("internal-events.db");
    let connection = rusqlite::Connection::open(database).unwrap();
    let n: i64 = connection.query_row("SELECT count(*) FROM journal", [], |it| it.get(0)).unwrap();
    assert!(n > 0, "it has read something");
}

#[test]
fn a_stranger_who_closes_the_database_leaves_the_log_to_those_who_write_it() {
    let scratch = tempfile::tempdir().unwrap();
    let mut store = open(scratch.path());
    for n in 1..=3 {
        assert_eq!(try_append(&mut store).unwrap(), n);
        let mut stranger = Command::new(env::current_exe().unwrap());
        stranger.args(["--exact", "strangers::child_reads_as_a_stranger", "--nocapture"]);
        let output = stranger.env(DIRECTORY, scratch.path()).output().unwrap();
        assert!(output.status.success(), "{output:?}");
        // Only a handle that is opened anew sees what is on the disk under the files' names.
        assert_eq!(entries(scratch.path()), n, "what was appended is where others look");
    }
}

/// What a person does to a data directory, with a place beside it.
type Act<'a> = &'a dyn Fn(&Path, &Path);

/// Does something to the data under a store that has two entries; nothing is taken then, and
/// what is there is as it was.
fn check(name: &str, act: Act<'_>, undo: Option<Act<'_>>) {
    let scratch = tempfile::tempdir().expect("there is room for a directory");
    let (data, aside) = (scratch.path().join("data"), scratch.path().join("aside"));
    let mut store = open(&data);
    try_append(&mut store).expect("nothing has happened yet");
    let backup = scratch.path().join("backup");
    Sqlite::backup(&data, &backup).expect("it can be copied");
    try_append(&mut store).expect("nothing has happened yet");
    act(&data, &aside);
    for _ in 0..2 {
        let error = try_append(&mut store).expect_err(name);
        assert!(matches!(error, Error::Replaced { .. }), "{name}: {error}");
        let error = store.drop_quarantined(&[1]).expect_err(name);
        assert!(matches!(error, Error::Replaced { .. }), "{name}: {error}");
    }
    if let Some(undo) = undo {
        undo(&data, &aside);
        assert_eq!(try_append(&mut store).expect(name), 3, "{name}: it goes on");
        assert_eq!(entries(&data), 3, "{name}");
    }
}

#[test]
fn what_is_moved_deleted_or_replaced_under_a_handle_takes_nothing() {
    let file = |dir: &Path| dir.join("internal-events.db");
    let back = |data: &Path, aside: &Path| fs::rename(aside, data).unwrap();
    check("a moved directory", &|data, aside| fs::rename(data, aside).unwrap(), Some(&back));
    check("a deleted directory", &|data, _| fs::remove_dir_all(data).unwrap(), None);
    check("a deleted database", &|data, _| fs::remove_file(file(data)).unwrap(), None);
    let log = |data: &Path, name: &str| data.join(format!("internal-events.db-{name}"));
    for name in ["wal", "shm"] {
        check(name, &|data, _| fs::remove_file(log(data, name)).unwrap(), None);
    }
    let restore = |data: &Path, aside: &Path| {
        fs::rename(data, aside).unwrap();
        fs::rename(data.with_file_name("backup"), data).unwrap();
    };
    let undo = |data: &Path, aside: &Path| {
        fs::remove_dir_all(data).unwrap();
        fs::rename(aside, data).unwrap();
    };
    check("a restored backup", &restore, Some(&undo));
}
