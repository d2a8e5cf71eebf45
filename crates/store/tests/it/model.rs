//! Whatever is appended, in whatever order handles come, go and crash: the counters are those of a
//! model that knows nothing of files.

use std::collections::{BTreeMap, HashSet};
use std::path::Path;

use internal_events_store::{
    COUNTERS, Change, Counter, DUPLICATE, Entry, EventId, Group, ID_COLLISION, Kind, Memory,
    Options, Outcome, Sqlite, Store, StoredChange, Update, recount,
};
use proptest::collection::vec;
use proptest::prelude::*;

const HANDLES: usize = 3;

/// What a caller sends: perhaps an id and a content, and what it is routed to.
#[derive(Debug, Clone)]
struct Event {
    given: Option<(u8, u64)>,
    updates: Vec<(u8, StoredChange)>,
}

/// One thing that happens to a data directory.
#[derive(Debug, Clone)]
enum Step {
    Append {
        handle: usize,
        entries: Vec<Event>,
    },
    Checkpoint {
        handle: usize,
    },
    /// The handle ends without a word, and is opened again.
    Crash {
        handle: usize,
    },
    /// The machine ends: all that goes on is a copy of the files.
    CopyFiles,
}

fn change() -> impl Strategy<Value = StoredChange> {
    let element = || vec(0..4_u8, 0..3);
    prop_oneof![
        4 => (0..5_u64).prop_map(StoredChange::Add),
        4 => element().prop_map(StoredChange::Observe),
        4 => (-100..100_i32).prop_map(|it| StoredChange::Sum(f64::from(it) * 0.1)),
        4 => element().prop_map(StoredChange::Count),
        1 => Just(StoredChange::Sum(f64::NAN)),
        1 => Just(StoredChange::Add(u64::MAX)),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    let handle = 0..HANDLES;
    let given = proptest::option::of((0..6_u8, 0..3_u64));
    let updates = vec((0..8_u8, change()), 0..5);
    let event = (given, updates).prop_map(|(given, updates)| Event { given, updates });
    let entries = vec(event, 0..6);
    prop_oneof![
        6 => (handle.clone(), entries).prop_map(|(handle, entries)| Step::Append { handle, entries }),
        3 => handle.clone().prop_map(|handle| Step::Checkpoint { handle }),
        1 => handle.prop_map(|handle| Step::Crash { handle }),
        1 => Just(Step::CopyFiles),
    ]
}

/// Counters as one would write them without thinking of speed; sketches are sets.
#[derive(Default)]
struct Model {
    totals: BTreeMap<String, u64>,
    uniques: BTreeMap<String, HashSet<Vec<u8>>>,
    sums: BTreeMap<String, f64>,
    per_value: BTreeMap<String, BTreeMap<Vec<u8>, u64>>,
    kinds: BTreeMap<String, Kind>,
    n_entries: u64,
    /// Ids and contents that were accepted.
    given: HashSet<(u8, u64)>,
    n_duplicates: u64,
    n_collisions: u64,
}

impl Model {
    /// Takes an event unless it was taken before.
    fn take(&mut self, event: &Event) {
        if let Some((id, content)) = event.given {
            let is_known_id = self.given.iter().any(|it| it.0 == id);
            if !self.given.insert((id, content)) {
                self.n_duplicates += 1;
                return;
            }
            self.n_collisions += u64::from(is_known_id);
        }
        self.n_entries += 1;
        for (key, change) in &event.updates {
            self.apply(&store_key(*key), change);
        }
    }

    fn apply(&mut self, key: &str, change: &StoredChange) {
        let kind = change.as_change().kind();
        if *self.kinds.entry(key.to_owned()).or_insert(kind) != kind {
            return;
        }
        let key = key.to_owned();
        match change {
            StoredChange::Add(amount) => {
                let total = self.totals.entry(key).or_default();
                let exact = i128::from(*total) + i128::from(*amount);
                *total = u64::try_from(exact.min(i128::from(i64::MAX))).unwrap();
            }
            StoredChange::Observe(element) => {
                self.uniques.entry(key).or_default().insert(element.clone());
            }
            StoredChange::Sum(amount) if amount.is_finite() => {
                *self.sums.entry(key).or_default() += amount;
            }
            StoredChange::Sum(_) => {}
            StoredChange::Count(value) => {
                *self.per_value.entry(key).or_default().entry(value.clone()).or_default() += 1;
            }
        }
    }

    fn assert_same(&self, store: &dyn Store) {
        let mut reader = store.reader().unwrap();
        let keys: Vec<&str> = self.kinds.keys().map(String::as_str).collect();
        assert_eq!(reader.keys().unwrap(), keys);
        let counters = reader.counters(&keys).unwrap();
        for (key, kind) in &self.kinds {
            match kind {
                Kind::Total => assert_eq!(counters.total(key).unwrap(), self.totals[key]),
                Kind::Unique => {
                    let estimate = counters.sketch(key).unwrap().unwrap().estimate();
                    assert_eq!(estimate, self.uniques[key].len() as u64);
                }
                Kind::Sum => {
                    let sum = self.sums.get(key).copied().unwrap_or_default();
                    assert_eq!(counters.sum(key).unwrap().to_bits(), sum.to_bits());
                }
                Kind::PerValue => {
                    assert_eq!(counters.per_value(key).unwrap(), &self.per_value[key]);
                }
            }
        }
        assert_eq!(counters, recount(&mut *reader).unwrap().counters);
        let status = reader.status().unwrap();
        assert_eq!(status.last_sequence, self.n_entries);
        let counted = |cause| status.ledger.get(cause).copied().unwrap_or_default();
        assert_eq!(counted(DUPLICATE), self.n_duplicates);
        assert_eq!(counted(ID_COLLISION), self.n_collisions);
    }
}

fn append(store: &mut dyn Store, entries: &[Event]) -> Vec<Outcome> {
    let updates: Vec<Vec<Update<'_>>> = entries
        .iter()
        .map(|event| {
            event.updates.iter().map(|(key, change)| to_update(store, *key, change)).collect()
        })
        .collect();
    let entries: Vec<Entry<'_>> = entries
        .iter()
        .zip(&updates)
        .map(|(event, updates)| Entry {
            id: EventId([event.given.map_or(99, |(id, _)| id); 16]),
            accepted_at: 0,
            catalog: 0,
            event: b"{}",
            updates,
            content: event.given.map(|(_, content)| content),
        })
        .collect();
    store.append(&Group { entries: &entries, ..Group::default() }).unwrap().outcomes().collect()
}

fn to_update<'a>(store: &mut dyn Store, key: u8, change: &'a StoredChange) -> Update<'a> {
    let change: Change<'a> = change.as_change();
    Update { key: store.intern(&store_key(key)), change }
}

fn store_key(key: u8) -> String {
    format!("{{event_counters}}_key_{key}")
}

fn open(dir: &Path) -> Sqlite {
    Sqlite::open(dir, Options::default()).unwrap()
}

/// Copies the files one by one, as they are while handles have them open.
fn copy(from: &Path, to: &Path) {
    std::fs::create_dir(to).unwrap();
    for file in std::fs::read_dir(from).unwrap() {
        let file = file.unwrap();
        std::fs::copy(file.path(), to.join(file.file_name())).unwrap();
    }
}

/// Bytes of all counters as they are in the tables.
fn kept(dir: &Path) -> Vec<String> {
    let db = rusqlite::Connection::open(dir.join("internal-events.db")).unwrap();
    let mut rows = Vec::new();
    for sql in [
        "SELECT key || ' ' || value FROM totals JOIN keys USING (key_id) WHERE value > 0",
        "SELECT key || ' ' || hex(hll) FROM uniques JOIN keys USING (key_id)",
        "SELECT key || ' ' || printf('%!.17g', value) FROM sums JOIN keys USING (key_id)",
        "SELECT key || ' ' || hex(value) || ' ' || count FROM value_totals JOIN keys USING (key_id)",
        "SELECT destination || ' ' || seq FROM cursors",
    ] {
        let mut statement = db.prepare(sql).unwrap();
        rows.extend(statement.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap));
    }
    rows.sort();
    rows
}

fn run(steps: &[Step]) {
    let scratch = tempfile::tempdir().unwrap();
    let mut dir = scratch.path().join("data");
    let mut handles: Vec<Option<Sqlite>> = (0..HANDLES).map(|_| Some(open(&dir))).collect();
    let mut memory = Memory::new();
    let mut model = Model::default();
    for (n, step) in steps.iter().enumerate() {
        match step {
            Step::Append { handle, entries } => {
                let outcomes = append(handles[*handle].as_mut().unwrap(), entries);
                assert_eq!(outcomes, append(&mut memory, entries));
                for event in entries {
                    model.take(event);
                }
            }
            Step::Checkpoint { handle } => {
                handles[*handle].as_mut().unwrap().checkpoint().unwrap();
            }
            Step::Crash { handle } => {
                handles[*handle] = None;
                handles[*handle] = Some(open(&dir));
            }
            Step::CopyFiles => {
                let copied = scratch.path().join(format!("copy-{n}"));
                copy(&dir, &copied);
                dir = copied;
                handles = (0..HANDLES).map(|_| Some(open(&dir))).collect();
            }
        }
        model.assert_same(handles[n % HANDLES].as_ref().unwrap());
    }
    model.assert_same(&memory);
    drop(handles);
    let mut last = open(&dir);
    last.checkpoint().unwrap();
    let mut reader = last.reader().unwrap();
    assert_eq!(reader.status().unwrap().cursors[COUNTERS], model.n_entries);
    assert_eq!(reader.status().unwrap().ledger, memory.reader().unwrap().status().unwrap().ledger);
    model.assert_same(&last);
    drop((reader, last));
    assert_counting_again_gives_the_same_bytes(&dir);
}

/// Sets the cursor back to nothing and folds the journal once more, all at once.
fn assert_counting_again_gives_the_same_bytes(dir: &Path) {
    let before = kept(dir);
    let db = rusqlite::Connection::open(dir.join("internal-events.db")).unwrap();
    db.execute_batch(
        "DELETE FROM totals; DELETE FROM uniques; DELETE FROM sums; DELETE FROM value_totals;
         UPDATE keys SET rows = 0, checksum = NULL;
         UPDATE cursors SET seq = 0, checksum = NULL",
    )
    .unwrap();
    drop(db);
    open(dir).checkpoint().unwrap();
    assert_eq!(kept(dir), before);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, ..ProptestConfig::default() })]

    #[test]
    fn counters_are_those_of_the_model(steps in vec(step(), 0..24)) {
        run(&steps);
    }
}

#[test]
fn counters_of_many_elements_are_the_same_bytes_however_they_were_folded() {
    // Enough elements to leave the sparse encoding, in groups with checkpoints in between.
    let steps: Vec<Step> = (0..40_u32)
        .flat_map(|group| {
            let entries = (0..200_u32)
                .map(|n| {
                    let element = (group * 200 + n).to_string().into_bytes();
                    let observe = (0, StoredChange::Observe(element));
                    let updates = vec![observe, (1, StoredChange::Sum(0.1))];
                    Event { given: None, updates }
                })
                .collect();
            let handle = (group % 3) as usize;
            [Step::Append { handle, entries }, Step::Checkpoint { handle: (group % 2) as usize }]
        })
        .collect();
    let scratch = tempfile::tempdir().unwrap();
    let dir = scratch.path().join("data");
    let mut handles: Vec<Sqlite> = (0..HANDLES).map(|_| open(&dir)).collect();
    for step in &steps {
        match step {
            Step::Append { handle, entries } => drop(append(&mut handles[*handle], entries)),
            Step::Checkpoint { handle } => handles[*handle].checkpoint().unwrap(),
            Step::Crash { .. } | Step::CopyFiles => {}
        }
    }
    drop(handles);
    open(&dir).checkpoint().unwrap();
    let mut reader = Sqlite::reader(&dir).unwrap().unwrap();
    let key = store_key(0);
    let counters = internal_events_store::Reader::counters(&mut reader, &[&key]).unwrap();
    let Some(Counter::Unique(sketch)) = counters.get(&key) else { panic!("a sketch is kept") };
    assert!(sketch.to_bytes().len() > 12_000, "the sketch is dense");
    assert_counting_again_gives_the_same_bytes(&dir);
}
