//! `PFMERGE` and our merges give the same string.

use internal_events_hll::Sketch;
use proptest::prelude::*;
use proptest::test_runner::TestRunner;

use crate::elements::{config, crowded, empty_dense, hex};
use crate::server::Server;

/// Sets of elements by size: the first ones sparse, the last two dense.
///
/// Two of 1,200 overlap by half and are sparse together with 400 more, but not with 1,200 others.
const SETS: [(&str, std::ops::Range<u32>); 9] = [
    ("empty", 0..0),
    ("one", 0..1),
    ("ten", 5..15),
    ("hundred", 0..100),
    ("sparse", 0..1_200),
    ("sparse overlapping", 600..1_800),
    ("sparse apart", 10_000..11_200),
    ("dense", 0..5_000),
    ("dense overlapping", 3_000..100_000),
];

/// Makes every set in Redis and here.
fn make_sets(server: &mut Server) -> Vec<(&'static str, Sketch)> {
    let make = |(name, range): (&'static str, std::ops::Range<u32>)| {
        let elements: Vec<_> = range.map(|n| n.to_string()).collect();
        server.add(name, &elements);
        let mut sketch = Sketch::new();
        for element in &elements {
            sketch.insert(element.as_bytes());
        }
        (name, sketch)
    };
    let mut sets: Vec<_> = SETS.into_iter().map(make).collect();
    // Dense ones that raise nothing in a target which holds their elements already.
    let mut dense_ten = empty_dense();
    dense_ten.merge(&sets[2].1);
    for (name, sketch) in [("dense without elements", empty_dense()), ("dense ten", dense_ten)] {
        server.set(name, &sketch.to_bytes());
        sets.push((name, sketch));
    }
    sets
}

/// Says what `merge` promises to report, from the strings before and after.
fn has_changed(before: &[u8], after: &[u8]) -> bool {
    before[4] != after[4] || before[16..] != after[16..]
}

#[test]
fn a_merge_of_any_two_sketches_gives_the_string_of_pfmerge() {
    let Some(mut server) = Server::start() else { return };
    let sets = make_sets(&mut server);
    for (target, ours) in &sets {
        for (source, other) in &sets {
            let case = format!("{source} into {target}");
            let before = ours.to_bytes();
            server.set("target", &before);
            server.merge("target", &[source]);
            let expected = server.get("target");

            let mut merged = ours.clone();
            let changed = merged.merge(other);
            assert!(merged.to_bytes() == expected, "{case}");
            assert_eq!(changed, has_changed(&before, &expected), "{case}");
            assert_eq!(merged.estimate(), server.count(&["target"]), "{case}");

            let mut at_once = ours.clone();
            assert_eq!(at_once.merge_all([other]), changed, "{case}");
            assert!(at_once.to_bytes() == expected, "{case}");
        }
    }
}

#[test]
fn a_merge_marks_the_cached_count_as_stale_even_if_nothing_was_raised() {
    let Some(mut server) = Server::start() else { return };
    let sets = make_sets(&mut server);
    for (target, _) in &sets {
        server.call(&[b"PFCOUNT", target.as_bytes()]);
        let counted = server.get(target);
        server.merge(target, &["empty"]);
        let expected = server.get(target);
        assert_ne!(expected[15], counted[15], "{target}");

        let mut merged = Sketch::from_bytes(&counted).unwrap();
        assert!(!merged.merge(&Sketch::new()), "{target}");
        assert!(merged.to_bytes() == expected, "{target}");
        let mut merged = Sketch::from_bytes(&counted).unwrap();
        assert!(!merged.merge_all([&Sketch::new(), &Sketch::new()]), "{target}");
        assert!(merged.to_bytes() == expected, "{target}");
    }
}

#[test]
fn a_merge_of_several_sketches_gives_the_string_of_pfmerge() {
    let Some(mut server) = Server::start() else { return };
    let sets = make_sets(&mut server);
    // Each set begins a group of one to six that wraps around the list.
    for (first, size) in (0..sets.len()).flat_map(|first| (1..7).map(move |size| (first, size))) {
        let group: Vec<_> = sets.iter().cycle().skip(first).step_by(2).take(size).collect();
        let names: Vec<_> = group.iter().map(|(name, _)| *name).collect();
        server.call(&[b"DEL", b"target"]);
        server.merge("target", &names);
        let expected = server.get("target");

        let mut merged = Sketch::new();
        merged.merge_all(group.iter().map(|(_, sketch)| sketch));
        assert!(merged.to_bytes() == expected, "{names:?}");
        assert_eq!(merged.estimate(), server.count(&names), "{names:?}");
    }
}

#[test]
fn crowded_runs_merge_as_in_redis() {
    let Some(mut server) = Server::start() else { return };
    let server = std::cell::RefCell::new(&mut server);
    let sets = prop::collection::vec(crowded(), 2..5);
    let result = TestRunner::new(config(150)).run(&sets, |sets| {
        let mut server = server.borrow_mut();
        server.delete_all();
        let mut sketches = Vec::new();
        for (n, elements) in sets.iter().enumerate() {
            let mut sketch = Sketch::new();
            for element in elements {
                sketch.insert(element);
            }
            server.set(&n.to_string(), &sketch.to_bytes());
            sketches.push(sketch);
        }
        let names: Vec<_> = (1..sets.len()).map(|n| n.to_string()).collect();
        let names: Vec<_> = names.iter().map(String::as_str).collect();
        let (target, others) = sketches.split_first_mut().unwrap();

        let mut one_by_one = target.clone();
        server.set("one by one", &target.to_bytes());
        for (name, other) in names.iter().zip(&*others) {
            one_by_one.merge(other);
            server.merge("one by one", &[name]);
            prop_assert_eq!(hex(&one_by_one.to_bytes()), hex(&server.get("one by one")));
        }
        server.merge("0", &names);
        target.merge_all(&*others);
        prop_assert_eq!(hex(&target.to_bytes()), hex(&server.get("0")));
        Ok(())
    });
    result.unwrap();
}
