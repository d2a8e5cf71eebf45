use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;

impl std::fmt::Debug for Sparse {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&hex(&self.opcodes))
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(" ")
}

/// Raises registers one by one, each found from the start, and compares the opcodes.
#[track_caller]
fn check(updates: &[(usize, u8)], expected: &str) {
    let mut sparse = Sparse::new();
    for &(register, rank) in updates {
        assert_ne!(sparse.raise_from(&mut Cursor::default(), register, rank), Raise::NeedsDense);
    }
    assert_eq!(hex(sparse.opcodes()), expected);
}

#[test]
fn an_update_writes_the_opcodes_the_format_promises() {
    check(&[], "7f ff");
    // The worked example of the front page, in order and out of it.
    check(&[(1000, 2), (1020, 3), (1021, 3)], "43 e7 84 12 89 7c 01");
    check(&[(1021, 3), (1020, 3), (1000, 2)], "43 e7 84 12 89 7c 01");
    // The first and the last register leave no run on their outer side.
    check(&[(0, 1)], "80 7f fe");
    check(&[(16_383, 32)], "7f fe fc");
    // 64 zeros fit into one byte, 65 do not.
    check(&[(64, 1)], "3f 80 7f be");
    check(&[(65, 1)], "40 40 80 7f bd");
    check(&[(16_383 - 64, 1)], "7f be 80 3f");
    // A lower rank changes nothing.
    check(&[(0, 5), (0, 4), (0, 5)], "90 7f fe");
    // Four equal neighbours are one opcode, five are two.
    check(&[(0, 1), (1, 1), (2, 1), (3, 1)], "83 7f fb");
    check(&[(0, 1), (1, 1), (2, 1), (3, 1), (4, 1)], "83 80 7f fa");
    // A raised register splits the run it stood in.
    check(&[(0, 1), (1, 1), (2, 1), (3, 1), (1, 2)], "80 84 81 7f fb");
    // The gap between two runs closes and joins them.
    check(&[(0, 1), (2, 1), (1, 1)], "82 7f fc");
}

#[test]
fn an_opcode_longer_than_needed_is_kept_and_replaced_correctly() {
    // XZERO 1, VAL 1 x 1, XZERO 16382: nobody writes the first, everybody must read it.
    let mut sparse = Sparse::from_opcodes(&[0x40, 0x00, 0x80, 0x7f, 0xfd]).unwrap();
    assert_eq!(sparse.raise_from(&mut Cursor::default(), 0, 1), Raise::Raised);
    assert_eq!(hex(sparse.opcodes()), "81 7f fd");
}

#[test]
fn an_update_in_the_opcode_the_cursor_points_to_still_joins_the_one_before() {
    // Two equal neighbours that were never joined, a gap, and a third. Closing the gap lengthens
    // the second, in which the next update then falls; Redis joins what is left of it to the first.
    let mut sparse = Sparse::from_opcodes(&[0x84, 0x84, 0x00, 0x84, 0x7f, 0xfb]).unwrap();
    let mut cursor = Cursor::default();
    assert_eq!(sparse.raise_from(&mut cursor, 2, 2), Raise::Raised);
    assert_eq!(hex(sparse.opcodes()), "84 86 7f fb");
    assert_eq!(sparse.raise_from(&mut cursor, 3, 3), Raise::Raised);
    assert_eq!(hex(sparse.opcodes()), "86 88 7f fb");
}

#[test]
fn ranks_beyond_32_and_strings_beyond_3000_bytes_need_the_dense_form() {
    let mut sparse = Sparse::new();
    assert_eq!(sparse.raise_from(&mut Cursor::default(), 7, 33), Raise::NeedsDense);
    assert!(sparse == Sparse::new(), "nothing was written");

    // Alternating values never join, so that each pair of registers costs two bytes.
    let mut n_bytes = 2;
    let mut cursor = Cursor::default();
    let mut register = 0;
    while sparse.raise_from(&mut cursor, register, [1, 2][register % 2]) == Raise::Raised {
        n_bytes = HEADER_BYTES + sparse.opcodes().len();
        register += 1;
    }
    assert_eq!(n_bytes, MAX_BYTES);
    assert_eq!(sparse.raise_from(&mut Cursor::default(), 0, 9), Raise::Raised, "none is added");
}

#[test]
fn opcodes_that_do_not_cover_all_registers_once_are_refused() {
    let refused = |opcodes: &[u8]| Sparse::from_opcodes(opcodes).err();
    assert!(matches!(refused(&[]), Some(Malformed::Missing { registers: 0 })));
    assert!(matches!(refused(&[0x7f]), Some(Malformed::CutOpcode { offset: 0 })));
    assert!(matches!(refused(&[0x80, 0x40]), Some(Malformed::CutOpcode { offset: 1 })));
    assert!(matches!(refused(&[0x7f, 0xfe]), Some(Malformed::Missing { registers: 16_383 })));
    assert!(matches!(refused(&[0x7f, 0xff, 0x80]), Some(Malformed::Excess { offset: 2 })));
    assert!(matches!(refused(&[0x7f, 0xfe, 0x81]), Some(Malformed::Excess { offset: 2 })));
    assert!(matches!(refused(&[0x7f, 0xff, 0x7f, 0xff]), Some(Malformed::Excess { offset: 2 })));
    assert!(refused(&[0x7f, 0xff]).is_none());
    assert!(refused(&[0x3f; 256]).is_none());
    assert!(refused(&[0x00; 16_384]).is_none());
    assert!(refused(&[0x40, 0x00].repeat(16_384)).is_none());
}

fn updates() -> impl Strategy<Value = Vec<(usize, u8)>> {
    let register = prop_oneof![0..80_usize, 0..REGISTERS, REGISTERS - 80..REGISTERS];
    prop::collection::vec((register, 1..=32_u8), 0..300)
}

/// Updates of one register after another, so that each meets the opcodes the last one left.
fn crowded_updates() -> impl Strategy<Value = Vec<(usize, u8)>> {
    prop::collection::vec((0..60_usize, 1..=4_u8), 0..100)
}

/// Opcodes as they come, with neighbours that could be joined and are not.
fn unjoined() -> impl Strategy<Value = Sparse> {
    let opcode = prop_oneof![
        2 => (1..=3_u8, 1..=4_usize).prop_map(|(value, length)| (val(value, length), length)),
        1 => (1..=3_u8).prop_map(|length| (length - 1, usize::from(length))),
    ];
    prop::collection::vec(opcode, 0..60).prop_map(|runs| {
        let (mut opcodes, lengths): (Vec<_>, Vec<_>) = runs.into_iter().unzip();
        let n_covered: usize = lengths.into_iter().sum();
        write_zeros(REGISTERS - n_covered, |byte| opcodes.push(byte));
        Sparse::from_opcodes(&opcodes).unwrap()
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn runs_hold_what_an_array_of_registers_would(updates in updates()) {
        let mut sparse = Sparse::new();
        let mut registers = BTreeMap::new();
        for (register, rank) in updates {
            let truth = registers.entry(register).or_insert(0);
            let expected = if rank > *truth { Raise::Raised } else { Raise::Unchanged };
            let answer = sparse.raise_from(&mut Cursor::default(), register, rank);
            if answer == Raise::NeedsDense {
                break;
            }
            prop_assert_eq!(answer, expected);
            *truth = rank.max(*truth);
            prop_assert!(Sparse::from_opcodes(sparse.opcodes()).is_ok());
            prop_assert!(sparse.raised_registers().eq(registers.clone()));
        }
    }

    #[test]
    fn a_search_from_a_cursor_gives_the_opcodes_of_a_search_from_the_start(
        mut by_cursor in unjoined(),
        mut updates in prop_oneof![updates(), crowded_updates()],
    ) {
        let mut from_start = by_cursor.clone();
        updates.sort_unstable();
        let mut cursor = Cursor::default();
        for (register, rank) in updates {
            let answer = by_cursor.raise_from(&mut cursor, register, rank);
            prop_assert_eq!(answer, from_start.raise_from(&mut Cursor::default(), register, rank));
            prop_assert_eq!(hex(by_cursor.opcodes()), hex(from_start.opcodes()));
        }
    }
}
