//! What holds for any sketches, whatever Redis does.

use internal_events_hll::{Sketch, Union, hash};
use proptest::prelude::*;

use crate::elements::{config, empty_dense};

/// Makes the dense sketch of the same registers.
fn dense(sketch: &Sketch) -> Sketch {
    let mut dense = empty_dense();
    dense.merge(sketch);
    dense
}

fn merged(a: &Sketch, b: &Sketch) -> Sketch {
    let mut merged = a.clone();
    merged.merge(b);
    merged
}

/// Hashes of a set: few registers so that they meet, high ranks, or all over.
///
/// Made from a seed, for drawing thousands of numbers one by one would take most of the time.
fn hashes() -> impl Strategy<Value = Vec<u64>> {
    let size = prop_oneof![4 => 0..60_u64, 2 => 0..1_500_u64, 1 => 0..6_000_u64];
    (size, any::<u64>(), 0..3_u8).prop_map(|(size, seed, shape)| {
        let numbers = (0..size).map(|n| hash(&(seed ^ n).to_le_bytes()));
        match shape {
            0 => numbers.map(|number| number & !0x3fff | (number % 200)).collect(),
            1 => numbers.map(|number| number & 0xffff_0000_0000_3fff).collect(),
            _ => numbers.collect(),
        }
    })
}

fn sketch() -> impl Strategy<Value = Sketch> {
    hashes().prop_map(|hashes| sketch_of(&hashes))
}

fn sketch_of(hashes: &[u64]) -> Sketch {
    let mut sketch = Sketch::new();
    for &hash in hashes {
        sketch.insert_hash(hash);
    }
    sketch
}

proptest! {
    #![proptest_config(config(200))]

    #[test]
    fn merging_is_commutative_associative_and_idempotent(
        a in sketch(), b in sketch(), c in sketch(),
    ) {
        prop_assert!(dense(&merged(&a, &b)) == dense(&merged(&b, &a)));
        prop_assert!(
            dense(&merged(&merged(&a, &b), &c)) == dense(&merged(&a, &merged(&b, &c)))
        );
        let mut again = merged(&a, &b);
        let before = again.clone();
        prop_assert!(!again.merge(&b) && !again.merge(&before) && !again.merge_all([&a, &b]));
        prop_assert!(again == before);
    }

    #[test]
    fn a_merge_is_the_sketch_of_both_sets(a in hashes(), b in hashes()) {
        let both = [a.clone(), b.clone()].concat();
        let (a, b, both) = (sketch_of(&a), sketch_of(&b), sketch_of(&both));
        let merged = merged(&a, &b);
        prop_assert!(dense(&merged) == dense(&both));
        let mut union = Union::new();
        union.add(&a);
        union.add(&b);
        prop_assert_eq!(union.estimate(), merged.estimate());
        prop_assert_eq!(union.estimate(), both.estimate());
    }

    #[test]
    fn the_order_of_elements_does_not_matter(
        hashes in hashes().prop_flat_map(|it| (Just(it.clone()), Just(it).prop_shuffle())),
    ) {
        prop_assert!(dense(&sketch_of(&hashes.0)) == dense(&sketch_of(&hashes.1)));
    }

    #[test]
    fn sparse_and_dense_agree_on_every_answer(hashes in hashes()) {
        let mut sketch = Sketch::new();
        let mut twin = empty_dense();
        for hash in hashes {
            prop_assert_eq!(sketch.insert_hash(hash), twin.insert_hash(hash));
        }
        prop_assert_eq!(sketch.estimate(), twin.estimate());
        prop_assert_eq!(sketch.is_empty(), twin.is_empty());
        prop_assert!(dense(&sketch) == twin);
    }

    #[test]
    fn a_string_is_read_back_as_the_sketch_that_wrote_it(sketch in sketch()) {
        let bytes = sketch.to_bytes();
        prop_assert_eq!(bytes.len() <= 3_000, !sketch.is_dense());
        let read = Sketch::from_bytes(&bytes).unwrap();
        prop_assert!(read == sketch && read.to_bytes() == bytes);
    }

    #[test]
    fn an_element_and_its_hash_are_the_same(element in prop::collection::vec(any::<u8>(), 0..40)) {
        let mut by_element = Sketch::new();
        let mut by_hash = Sketch::new();
        prop_assert!(by_element.insert(&element) && by_hash.insert_hash(hash(&element)));
        prop_assert!(by_element == by_hash);
        prop_assert!(!by_element.insert(&element));
    }
}
