//! What the bytes are, and what bytes are refused.

use proptest::collection::vec;
use proptest::prelude::*;

use super::{DecodeError, Encoder, decode, unpack, unzigzag, zigzag};
use crate::{Change, Entry, EventId, Key, StoredChange, Update};

/// An entry that owns what it is made of: time, catalog, event, updates.
type Owned = (i64, u64, Vec<u8>, Vec<(u32, StoredChange)>);

fn change() -> impl Strategy<Value = StoredChange> {
    prop_oneof![
        any::<u64>().prop_map(StoredChange::Add),
        (0..300_u64).prop_map(StoredChange::Add),
        vec(any::<u8>(), 0..20).prop_map(StoredChange::Observe),
        any::<f64>().prop_map(StoredChange::Sum),
        vec(any::<u8>(), 0..200).prop_map(StoredChange::Count),
    ]
}

fn entries() -> impl Strategy<Value = Vec<Owned>> {
    let updates = vec((0..u32::MAX, change()), 0..6);
    let catalog = prop_oneof![Just(0), Just(1), any::<u64>()];
    vec((any::<i64>(), catalog, vec(any::<u8>(), 0..400), updates), 0..12)
}

/// Encodes entries; a key's number is its index plus one.
fn encode(entries: &[Owned]) -> Vec<u8> {
    encode_with(&mut Encoder::default(), entries).to_vec()
}

fn encode_with<'e>(encoder: &'e mut Encoder, entries: &[Owned]) -> &'e [u8] {
    let updates: Vec<Vec<Update<'_>>> = entries
        .iter()
        .map(|(.., updates)| {
            updates
                .iter()
                .map(|(key, change)| Update { key: Key(*key), change: change.as_change() })
                .collect()
        })
        .collect();
    let borrowed: Vec<Entry<'_>> = entries
        .iter()
        .zip(&updates)
        .map(|((accepted_at, catalog, event, _), updates)| Entry {
            id: EventId([0; 16]),
            accepted_at: *accepted_at,
            catalog: *catalog,
            event,
            updates,
            content: None,
        })
        .collect();
    encoder.encode(&borrowed, |key| key.0 + 1)
}

fn decode_all(bytes: &[u8]) -> Result<Vec<Owned>, DecodeError> {
    let mut room = Vec::new();
    let group = unpack(bytes, &mut room)?;
    assert!(group.len() <= 255 * bytes.len(), "{} bytes of {}", group.len(), bytes.len());
    decode(group)?
        .map(|record| {
            let record = record?;
            let updates = record
                .updates
                .map(|it| it.map(|(key_id, change)| (key_id - 1, change.to_stored())))
                .collect::<Result<_, _>>()?;
            Ok((record.accepted_at, record.catalog, record.event.to_vec(), updates))
        })
        .collect()
}

/// Bit for bit, so that amounts which are not numbers are compared too.
fn bits(entries: &[Owned]) -> String {
    entries
        .iter()
        .flat_map(|(time, catalog, event, updates)| {
            let updates = updates.iter().map(|(key, change)| match change {
                StoredChange::Sum(amount) => format!("{key} sum {:x}", amount.to_bits()),
                other => format!("{key} {other:?}"),
            });
            [format!("{time} {catalog} {event:?}")].into_iter().chain(updates).collect::<Vec<_>>()
        })
        .collect::<Vec<_>>()
        .join("\n")
}

proptest! {
    #[test]
    fn what_goes_in_comes_out(entries in entries()) {
        let bytes = encode(&entries);
        prop_assert_eq!(bits(&decode_all(&bytes).unwrap()), bits(&entries));
    }

    #[test]
    fn what_is_packed_is_unpacked(mut entries in entries(), n in 1_usize..200) {
        entries = entries.iter().cycle().take(entries.len() * n).cloned().collect();
        let mut encoder = Encoder::default();
        let group = encode_with(&mut encoder, &entries).to_vec();
        let stored = encoder.stored();
        prop_assert!(stored.len() <= group.len());
        let mut room = Vec::new();
        prop_assert_eq!(unpack(stored, &mut room), Ok(&group[..]));
    }

    #[test]
    fn any_bytes_are_decoded_or_refused(bytes in vec(any::<u8>(), 0..200)) {
        for first in [super::VERSION, 2] {
            let mut versioned = vec![first];
            versioned.extend(&bytes);
            let _ = (decode_all(&bytes), decode_all(&versioned));
        }
    }

    /// One set of entries has one encoding: what can be decoded is what would be written, but for
    /// a fingerprint that is repeated.
    #[test]
    fn damaged_bytes_are_refused_or_mean_something(
        entries in entries(),
        place in any::<prop::sample::Index>(),
        byte in any::<u8>(),
    ) {
        let mut bytes = encode(&entries);
        let place = place.index(bytes.len());
        bytes[place] = byte;
        if let Ok(decoded) = decode_all(&bytes) {
            let again = encode(&decoded);
            prop_assert_eq!(bits(&decode_all(&again).unwrap()), bits(&decoded));
            prop_assert!(again.len() <= bytes.len());
        }
    }

    #[test]
    fn every_truncation_is_refused_or_ends_between_records(
        entries in entries(),
        place in any::<prop::sample::Index>(),
    ) {
        let bytes = encode(&entries);
        let cut = &bytes[..place.index(bytes.len())];
        if let Ok(decoded) = decode_all(cut) {
            prop_assert_eq!(bits(&decoded), bits(&entries[..decoded.len()]));
        }
    }

    #[test]
    fn zigzag_is_undone(number in any::<i64>()) {
        prop_assert_eq!(unzigzag(zigzag(number)), number);
    }
}

#[test]
fn small_numbers_are_small() {
    let numbers = [0, -1, 1, -2, 2, i64::MAX, i64::MIN];
    assert_eq!(numbers.map(zigzag), [0, 1, 2, 3, 4, u64::MAX - 1, u64::MAX]);
}

#[test]
fn hostile_bytes_are_refused_each_for_its_reason() {
    const CATALOG: [u8; 9] = [1, 0, 0, 0, 0, 0, 0, 0, 0];
    // A record at time 0 with an empty event, then the length of its updates and the updates.
    let record = |updates: &[u8]| -> Vec<u8> {
        let len = u8::try_from(updates.len()).unwrap();
        [&[1, 0][..], &CATALOG, &[0, len], updates].concat()
    };
    let check = |bytes: &[u8], expected: DecodeError| {
        assert_eq!(decode_all(bytes), Err(expected), "{bytes:02x?}");
    };
    check(&[], DecodeError::Truncated);
    check(&[3], DecodeError::Version(3));
    // Packed: without a length, with one that is too large or not true, with a block that copies
    // what is not there, and packed twice.
    check(&[2], DecodeError::Truncated);
    check(&[2, 0], DecodeError::Packed);
    check(&[2, 0x80], DecodeError::Truncated);
    check(&[&[2][..], &[0xff; 9], &[1, 0]].concat(), DecodeError::Packed);
    check(&[2, 3, 0x20, 1, 2], DecodeError::Packed);
    check(&[2, 1, 0x20, 1, 2], DecodeError::Packed);
    check(&[2, 20, 0x10, 1, 9, 0, 0x10, 1], DecodeError::Packed);
    check(&[2, 2, 0x20, 2, 0], DecodeError::Version(2));
    check(&[1, 0], DecodeError::Truncated);
    check(&[1, 0, 0, 0, 0], DecodeError::Catalog);
    check(&[1, 0, 2], DecodeError::Catalog);
    check(&[1, 0, 1, 0, 0], DecodeError::Truncated);
    // Numbers: longer than needed, beyond 64 bits, never ending.
    check(&[1, 0x80, 0], DecodeError::Varint);
    check(&[[1].as_slice(), &[0xff; 9], &[2]].concat(), DecodeError::Varint);
    check(&[[1].as_slice(), &[0xff; 12]].concat(), DecodeError::Varint);
    check(&[1, 0x80], DecodeError::Truncated);
    // A length of almost 2^64, and one that is one too many.
    let endless = [&[1, 0][..], &CATALOG, &[0xff; 9], &[1]].concat();
    check(&endless, DecodeError::Truncated);
    check(&[&[1, 0][..], &CATALOG, &[2, b'x']].concat(), DecodeError::Truncated);
    // Updates: key 0, a key beyond 32 bits, an element and an amount that are cut off.
    check(&record(&[0, 0]), DecodeError::Key(0));
    check(&record(&[0x80, 0x80, 0x80, 0x80, 0x40, 0]), DecodeError::Key(1 << 32));
    check(&record(&[5, 1]), DecodeError::Truncated);
    check(&record(&[6, 0, 0, 0]), DecodeError::Truncated);
    check(&record(&[4]), DecodeError::Truncated);
    assert_eq!(
        decode_all(&record(&[4, 1])),
        Ok(vec![(0, 0, vec![], vec![(0, StoredChange::Add(1))])])
    );
}

/// Written down, so that what is packed today is unpacked by every version to come: a block of
/// letters alone, and one whose zeros are a copy of the one before.
#[test]
fn a_packed_group_is_read_by_the_format_of_its_block() {
    let group = [1, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    let letters = [&[2, 13, 0xd0][..], &group].concat();
    // Four letters, four of a copy from one byte before, then the last five letters.
    let copied = [2, 13, 0x40, 1, 0, 1, 0, 1, 0, 0x50, 0, 0, 0, 0, 0];
    for stored in [&letters[..], &copied] {
        let mut room = Vec::new();
        assert_eq!(unpack(stored, &mut room), Ok(&group[..]), "{stored:02x?}");
        assert_eq!(decode_all(stored), Ok(vec![(0, 0, vec![], vec![])]));
    }
}

#[test]
fn largest_numbers_fit() {
    let entries = [
        (i64::MAX, u64::MAX, vec![], vec![(u32::MAX - 1, StoredChange::Add(u64::MAX))]),
        (i64::MIN, u64::MAX, vec![], vec![]),
        (i64::MAX, 0, vec![], vec![]),
    ];
    assert_eq!(decode_all(&encode(&entries)), Ok(entries.to_vec()));
}

#[test]
fn decoding_goes_no_further_than_the_first_error() {
    let bytes = [1, 0, 9, 1, 1, 1];
    let results: Vec<_> = decode(&bytes).unwrap().map(|it| it.map(drop)).collect();
    assert_eq!(results, [Err(DecodeError::Catalog)]);
}

#[test]
fn changes_name_their_kind() {
    let kinds = [Change::Add(1), Change::Observe(b""), Change::Sum(0.0), Change::Count(b"")]
        .map(|change| change.kind().to_string());
    assert_eq!(kinds, ["total", "unique", "sum", "per_value"]);
}
