//! A counter per value keeps a bounded number of values, and everybody keeps the same ones.

use internal_events_store::{
    Change, Counters, Entry, EventId, Group, Limits, Memory, OTHER_VALUES, Options, Reader, Sqlite,
    Store, Update, recount,
};
use proptest::prelude::*;

const KEY: &str = "k";

/// Appends one entry that counts these values.
fn append(store: &mut dyn Store, values: &[Vec<u8>]) {
    let key = store.intern(KEY);
    let updates: Vec<Update<'_>> =
        values.iter().map(|it| Update { key, change: Change::Count(it) }).collect();
    let entry = Entry {
        id: EventId([7; 16]),
        accepted_at: 1_795_000_000_000,
        catalog: 1,
        event: b"{}",
        updates: &updates,
        content: None,
    };
    store.append(&Group { entries: &[entry], ..Group::default() }).unwrap();
}

fn counters(reader: &mut dyn Reader) -> Counters {
    reader.counters(&[KEY]).unwrap()
}

/// Numbers as values, so many that the counter is nearly full.
fn nearly_full() -> Vec<Vec<u8>> {
    (0..Limits::VALUES - 3).map(|it| format!("v{it}").into_bytes()).collect()
}

#[test]
fn what_there_is_no_room_for_is_counted_together() {
    let mut store = Memory::new();
    append(&mut store, &nearly_full());
    let long = "x".repeat(Limits::VALUE_BYTES);
    let values =
        [long.clone(), format!("{long}x"), "a".into(), "b".into(), "c".into(), "v0".into()];
    append(&mut store, &values.map(String::into_bytes));
    let counters = counters(&mut store);
    let totals = counters.per_value(KEY).unwrap();
    let of = |value: &str| totals.get(value.as_bytes()).copied();
    assert_eq!((of(&long), of("v0"), of("a")), (Some(1), Some(2), Some(1)));
    // One was too long, and with `(other)` itself there was room for no more than `a`.
    assert_eq!((of("b"), of("c"), of(OTHER_VALUES)), (None, None, Some(3)));
    assert_eq!(totals.len(), Limits::VALUES);
    assert_eq!(totals.values().sum::<u64>(), Limits::VALUES as u64 + 3);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 6, ..ProptestConfig::default() })]

    #[test]
    fn whoever_folds_the_journal_keeps_the_same_values(
        steps in proptest::collection::vec(
            (0..2_usize, proptest::collection::vec("[a-d]{1,2}|v[0-9]|x{255}|x{256}", 1..8),
             any::<bool>()),
            1..12,
        ),
    ) {
        let dir = tempfile::tempdir().unwrap();
        let open = || Sqlite::open(dir.path(), Options::default()).unwrap();
        // Two handles, as two processes have them; the first to count holds the lease.
        let mut handles = [open(), open()];
        let mut memory = Memory::new();
        append(&mut handles[0], &nearly_full());
        append(&mut memory, &nearly_full());
        for (n, values, is_checkpoint) in steps {
            let values: Vec<Vec<u8>> = values.into_iter().map(String::into_bytes).collect();
            append(&mut handles[n], &values);
            append(&mut memory, &values);
            if is_checkpoint {
                handles[n].checkpoint().unwrap();
            }
        }
        let expected = counters(&mut memory);
        let mut reader = handles[1].reader().unwrap();
        prop_assert_eq!(&counters(reader.as_mut()), &expected, "counters and tail");
        prop_assert_eq!(&recount(reader.as_mut()).unwrap().counters, &expected, "the journal alone");
        handles[0].checkpoint().unwrap();
        prop_assert_eq!(&counters(reader.as_mut()), &expected, "after a checkpoint");
        drop(handles);
        let mut later = open();
        append(&mut later, &[b"zz".to_vec()]);
        append(&mut memory, &[b"zz".to_vec()]);
        later.checkpoint().unwrap();
        let mut reader = later.reader().unwrap();
        prop_assert_eq!(&counters(reader.as_mut()), &counters(&mut memory), "by another process");
    }
}
