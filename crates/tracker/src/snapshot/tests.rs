use super::{Snapshot, SnapshotHeader, SnapshotWriter};
use internal_events_store::{Counter, Kind};
use proptest::prelude::*;
use std::collections::BTreeMap;

fn written(counters: &[(String, Counter)]) -> String {
    let includes = ["j1", "j2"].map(str::to_owned).into_iter().collect();
    let header = SnapshotHeader::new("here", includes, jiff::Timestamp::UNIX_EPOCH);
    let mut writer = SnapshotWriter::new(Vec::new(), &header).expect("memory");
    for (key, counter) in counters {
        writer.counter(key, counter).expect("memory");
    }
    String::from_utf8(writer.finish().expect("memory")).expect("JSON is text")
}

fn a_few() -> Vec<(String, Counter)> {
    let mut sketch = internal_events_hll_sketch();
    if let Counter::Unique(it) = &mut sketch {
        for n in 0..300_u32 {
            it.insert(&n.to_le_bytes());
        }
    }
    let values = [(b"gift".to_vec(), 3), (vec![0xff, 0], 1), (Vec::new(), 2)];
    vec![
        ("{event_counters}_a".to_owned(), Counter::Total(5)),
        ("s \"1\"\n".to_owned(), Counter::Sum(0.1 + 0.2)),
        ("u".to_owned(), sketch),
        ("v".to_owned(), Counter::PerValue(BTreeMap::from(values))),
    ]
}

fn internal_events_hll_sketch() -> Counter {
    Counter::empty(Kind::Unique)
}

#[test]
fn what_is_written_is_read() {
    for n in 0..=4 {
        let counters = &a_few()[..n];
        let snapshot = Snapshot::read(&written(counters)).expect("it was just written");
        assert_eq!(snapshot.counters, counters);
        assert_eq!(snapshot.header.source, "here");
        assert_eq!(snapshot.header.includes.len(), 2);
    }
}

#[test]
fn no_part_of_a_snapshot_is_taken_for_one() {
    let text = written(&a_few());
    for end in 0..text.len() {
        assert!(Snapshot::read(text.get(..end).unwrap_or_default()).is_err(), "{end}");
    }
}

#[test]
fn what_is_wrong_is_said() {
    let good = written(&a_few()[..1]);
    for (text, expected) in [
        (String::new(), "it is no snapshot"),
        ("{}\n".to_owned(), "it is no snapshot"),
        (good.replace("\"snapshot\":1", "\"snapshot\":2"), "version 2"),
        (good.replace("total\":5", "total\":6"), "changed or damaged"),
        (good.replace("\"counters\":1", "\"counters\":2"), "changed or damaged"),
        (good.trim_end().to_owned(), "cut off"),
    ] {
        let error = Snapshot::read(&text).expect_err(&text).to_string();
        assert!(error.contains(expected), "{error}: {text}");
    }
}

proptest! {
    #[test]
    fn any_flipped_bit_is_noticed(at in 0_usize..900, bit in 0_u8..7) {
        let mut bytes = written(&a_few()).into_bytes();
        let at = at % bytes.len();
        bytes[at] ^= 1 << bit;
        if let Ok(text) = String::from_utf8(bytes) {
            prop_assert!(Snapshot::read(&text).is_err());
        }
    }

    #[test]
    fn no_text_makes_it_panic(text in "\\PC*") {
        let _ = Snapshot::read(&text);
        let _ = super::counter(&text);
    }
}
