//! Whatever a store acknowledges is on the disk, not only entries.
//!
//! A kill cannot tell what is on the disk from what the kernel still keeps, so this asks the
//! kernel: the child is this very test binary under `strace`.

use std::env;
use std::path::Path;
use std::process::{Command, Stdio};

use internal_events_store::{
    Change, Entry, EventId, Group, Options, Quarantined, Sqlite, Store as _, Update,
};

/// Set for the child: the directory it writes to.
const DIRECTORY: &str = "INTERNAL_EVENTS_STORE_SYNC_DIRECTORY";

const ROUNDS: usize = 10;

/// All that is acknowledged, in the order of one round.
const KINDS: [&str; 6] =
    ["entries", "duplicates alone", "quarantine alone", "a replay", "a drop", "the ledger alone"];

/// Does each of these some times and says so after each; nothing unless started by the test here.
#[test]
fn child_appends_all_there_is() {
    let Ok(dir) = env::var(DIRECTORY) else { return };
    let mut store = Sqlite::open(Path::new(&dir), Options::default()).unwrap();
    let updates = [Update { key: store.intern("key"), change: Change::Add(1) }];
    let entry = |id: u8| Entry {
        id: EventId([id; 16]),
        accepted_at: 0,
        catalog: 1,
        event: b"{}",
        updates: &updates,
        content: Some(1),
    };
    let quarantined = [Quarantined { received_at: 0, reason: "unknown", event: b"{}" }; 2];
    for round in 0..ROUNDS {
        let id = u8::try_from(round).unwrap();
        let first = round as u64 * 2 + 1;
        let replayed = [first];
        for kind in KINDS {
            let group = Group::default();
            let (one, other) = ([entry(id)], [entry(100 + id)]);
            let group = match kind {
                "entries" | "duplicates alone" => Group { entries: &one, ..group },
                "quarantine alone" => Group { quarantined: &quarantined, ..group },
                "a replay" => Group { entries: &other, replayed: &replayed, ..group },
                _ => Group { ledger: &[("refused:strict", 1)], ..group },
            };
            if kind == "a drop" {
                assert_eq!(store.drop_quarantined(&[first + 1]).unwrap(), 1);
            } else {
                let appended = store.append(&group).unwrap();
                let n_duplicates = u64::from(kind == "duplicates alone");
                assert_eq!(appended.n_duplicates(), n_duplicates, "{kind}");
            }
            println!("acknowledged {kind} .");
        }
    }
}

#[test]
fn every_kind_of_group_is_synced_before_it_is_acknowledged() {
    let scratch = tempfile::tempdir().unwrap();
    let (data, trace) = (scratch.path().join("data"), scratch.path().join("trace"));
    let mut strace = Command::new("strace");
    strace.args(["-o", "/dev/null", "true"]).stderr(Stdio::null());
    if !strace.status().is_ok_and(|it| it.success()) {
        let is_ci = env::var_os("CI").is_some_and(|it| it == "true");
        assert!(!is_ci, "CI has to have strace");
        eprintln!("SKIPPED: there is no strace, so nobody looks for syncs");
        return;
    }
    // Without the lease the child only appends: each sync is one of a group.
    let mut holder = Sqlite::open(&data, Options::default()).unwrap();
    holder.checkpoint().unwrap();
    let mut strace = Command::new("strace");
    strace.args(["-f", "-qq", "-e", "trace=fdatasync,fsync,write", "-o"]).arg(&trace);
    strace.arg(env::current_exe().unwrap()).env(DIRECTORY, &data).stdout(Stdio::null());
    strace.args(["--exact", "sync::child_appends_all_there_is", "--nocapture"]);
    assert!(strace.status().unwrap().success());
    let mut acknowledged = Vec::new();
    let mut n_syncs = 0;
    for line in std::fs::read_to_string(&trace).unwrap().lines() {
        if line.contains("sync") && line.ends_with("= 0") {
            n_syncs += 1;
        } else if line.contains("write(1, ")
            && let Some((_, kind)) = line.split_once("acknowledged ")
        {
            let (kind, _) = kind.split_once(" .").unwrap();
            assert!(n_syncs > 0, "{kind} was acknowledged before it was on the disk");
            n_syncs = 0;
            acknowledged.push(kind.to_owned());
        }
    }
    assert_eq!(acknowledged, KINDS.repeat(ROUNDS));
}
