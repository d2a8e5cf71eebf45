//! Counts of unions, and the count that Redis keeps in the header.

use internal_events_hll::{STANDARD_ERROR, Sketch, Union};

use crate::server::{Reply, Server};

fn sketch_of(elements: impl IntoIterator<Item = String>) -> Sketch {
    let mut sketch = Sketch::new();
    for element in elements {
        sketch.insert(element.as_bytes());
    }
    sketch
}

fn ids(range: std::ops::Range<u32>) -> impl Iterator<Item = String> {
    range.map(|n| n.to_string())
}

#[test]
fn a_union_counts_what_pfcount_of_several_keys_counts() {
    let Some(mut server) = Server::start() else { return };
    let weeks = [
        ("empty", 0..0),
        ("few", 0..7),
        ("more", 3..300),
        ("many", 200..5_000),
        ("apart", 1_000_000..1_000_900),
        ("most", 0..200_000),
    ];
    let sketches = weeks.map(|(name, range)| {
        let sketch = sketch_of(ids(range));
        server.set(name, &sketch.to_bytes());
        (name, sketch)
    });
    for chosen in 0..1_u32 << sketches.len() {
        let is_chosen = |n: &usize| chosen >> n & 1 == 1;
        let chosen = (0..sketches.len()).filter(is_chosen).map(|n| &sketches[n]);
        let names: Vec<_> = chosen.clone().map(|(name, _)| *name).collect();
        let mut union = Union::new();
        chosen.for_each(|(_, sketch)| union.add(sketch));
        assert_eq!(union.estimate(), server.count(&names), "{names:?}");
    }
}

#[test]
fn counting_a_key_changes_nothing_but_the_cached_count() {
    let Some(mut server) = Server::start() else { return };
    for n_elements in [0, 1, 500, 20_000] {
        server.delete_all();
        let elements: Vec<_> = ids(0..n_elements).collect();
        server.add("key", &elements);
        let mut sketch = sketch_of(elements);
        let count = sketch.estimate();
        let expected = Reply::Integer(i64::try_from(count).unwrap());
        assert_eq!(server.call(&[b"PFCOUNT", b"key"]), expected);

        let counted = server.get("key");
        let ours = sketch.to_bytes();
        assert_eq!(counted[8..16], count.to_le_bytes());
        assert!(counted[..8] == ours[..8] && counted[16..] == ours[16..]);

        // What Redis goes on to make of the counted key is what we make of it.
        let mut read = Sketch::from_bytes(&counted).unwrap();
        assert!(read.to_bytes() == counted, "kept to the byte");
        assert_eq!(read.estimate(), count);
        let others: Vec<_> = ids(7_000_000..7_000_100).collect();
        server.add("key", &others);
        for other in &others {
            assert_eq!(read.insert(other.as_bytes()), sketch.insert(other.as_bytes()));
        }
        assert!(read.to_bytes() == server.get("key"));
    }
}

#[test]
fn a_false_cached_count_deceives_redis_and_not_us() {
    let Some(mut server) = Server::start() else { return };
    let mut bytes = sketch_of(ids(0..10)).to_bytes();
    bytes[8..16].copy_from_slice(&1_000_000_u64.to_le_bytes());
    server.set("key", &bytes);
    assert_eq!(server.call(&[b"PFCOUNT", b"key"]), Reply::Integer(1_000_000));
    assert_eq!(Sketch::from_bytes(&bytes).unwrap().estimate(), 10);
}

#[test]
fn eight_processes_together_count_the_same_strings_as_one() {
    let session = |n: u32| format!("session-{n:08x}-é");
    let alone = sketch_of((0..80_000).map(session));
    // Each counts every eighth string and half of its neighbour's, and hands over bytes only.
    let strings: Vec<Vec<u8>> = std::thread::scope(|scope| {
        let count = |process: u32| {
            let own = (process..80_000).step_by(8);
            let neighbours = ((process + 1) % 8..40_000).step_by(8);
            sketch_of(own.chain(neighbours).map(session)).to_bytes()
        };
        let processes: Vec<_> = (0..8).map(|n| scope.spawn(move || count(n))).collect();
        processes.into_iter().map(|process| process.join().unwrap()).collect()
    });
    let mut merged = Sketch::new();
    let mut union = Union::new();
    for bytes in &strings {
        let sketch = Sketch::from_bytes(bytes).unwrap();
        merged.merge(&sketch);
        union.add(&sketch);
    }
    assert!(merged == alone, "the same string, byte for byte");
    assert_eq!(merged.estimate(), alone.estimate());
    assert_eq!(union.estimate(), alone.estimate());
    let Some(mut server) = Server::start() else { return };
    server.set("merged", &merged.to_bytes());
    assert_eq!(server.count(&["merged"]), alone.estimate());
}

#[test]
fn estimates_are_as_near_to_the_truth_as_promised() {
    for exponent in 0..7 {
        let n = 10_u32.pow(exponent);
        let sketch = sketch_of(ids(0..n));
        let error =
            (f64::from(u32::try_from(sketch.estimate()).unwrap()) / f64::from(n) - 1.0).abs();
        assert!(error < 3.0 * STANDARD_ERROR, "off by {error} at {n}");
    }
    // The root of the mean square over many sketches is the standard error itself.
    let square = |round: u32| {
        let sketch = sketch_of(ids(round * 50_000..(round + 1) * 50_000));
        let error = f64::from(u32::try_from(sketch.estimate()).unwrap()) / 50_000.0 - 1.0;
        error * error
    };
    let error = ((0..200).map(square).sum::<f64>() / 200.0).sqrt();
    assert!((error / STANDARD_ERROR - 1.0).abs() < 0.2, "the standard error is {error}");
}
