use proptest::prelude::*;

use super::*;

fn dense(ranks: &[u8; REGISTERS]) -> Dense {
    let mut dense = Dense::new();
    for (register, &rank) in ranks.iter().enumerate() {
        dense.raise(register, rank);
    }
    dense
}

fn ranks() -> impl Strategy<Value = Box<[u8; REGISTERS]>> {
    prop::collection::vec(0..=MAX_RANK, REGISTERS)
        .prop_map(|ranks| ranks.into_boxed_slice().try_into().unwrap())
}

#[test]
fn four_registers_fill_three_bytes_from_the_lowest_bit_on() {
    let mut dense = Dense::new();
    for (register, rank) in [(0, 1), (1, 2), (2, 3), (3, 4), (16_383, 51)] {
        assert!(dense.raise(register, rank));
        assert_eq!(dense.get(register), rank);
    }
    assert_eq!(dense.packed()[..4], [0x81, 0x30, 0x10, 0]);
    assert_eq!(dense.packed()[DENSE_BYTES - 2..], [0, 51 << 2]);
}

#[test]
fn a_register_is_raised_and_never_lowered() {
    let mut dense = Dense::new();
    assert!(dense.raise(5, 9));
    assert!(!dense.raise(5, 9));
    assert!(!dense.raise(5, 8));
    assert!(dense.raise(5, 10));
    assert_eq!([dense.get(4), dense.get(5), dense.get(6)], [0, 10, 0]);
}

#[test]
fn only_ranks_that_an_element_can_have_are_taken() {
    for register in [0, 1, 2, 3, 255, 256, 8_000, 16_383] {
        for rank in 50..=63 {
            let mut packed = [0; DENSE_BYTES];
            let bit = 6 * register;
            let bits = u16::from(rank) << (bit % 8);
            packed[bit / 8] = bits.to_le_bytes()[0];
            if let Some(byte) = packed.get_mut(bit / 8 + 1) {
                *byte = bits.to_le_bytes()[1];
            }
            let refused = Dense::from_packed(&packed).err();
            assert_eq!(refused, (rank > 51).then_some((register, rank)));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 32,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn packing_undoes_unpacking(ranks in ranks()) {
        let dense = dense(&ranks);
        let mut unpacked = [0; REGISTERS];
        dense.raise_bytes(&mut unpacked);
        prop_assert!(unpacked == *ranks);
        for (packed, ranks) in dense.blocks().zip(ranks.as_chunks().0) {
            prop_assert!(*packed == pack(ranks));
        }
    }

    #[test]
    fn a_merge_takes_the_greater_of_each_pair(a in ranks(), b in ranks()) {
        let mut merged = dense(&a);
        prop_assert!(merged.merge(&dense(&b)));
        prop_assert!(!merged.merge(&dense(&b)), "nothing is left to raise");
        for register in 0..REGISTERS {
            prop_assert_eq!(merged.get(register), a[register].max(b[register]));
        }
    }

    #[test]
    fn a_histogram_counts_each_register_once(mut ranks in ranks(), n_zeros in 0..REGISTERS) {
        ranks[..n_zeros].fill(0);
        let mut expected = [0; 64];
        for &rank in &*ranks {
            expected[usize::from(rank)] += 1;
        }
        prop_assert_eq!(histogram_of_bytes(&ranks), expected);
        prop_assert_eq!(dense(&ranks).histogram(), expected);
    }
}

#[test]
fn a_histogram_of_equal_registers_does_not_overflow() {
    for rank in 0..=MAX_RANK {
        let mut expected = [0; 64];
        expected[usize::from(rank)] = 16_384;
        assert_eq!(histogram_of_bytes(&[rank; REGISTERS]), expected);
    }
}
