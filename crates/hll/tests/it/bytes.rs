//! The string under the key is the same after the same elements.

use internal_events_hll::Sketch;
use proptest::prelude::*;
use proptest::test_runner::TestRunner;

use crate::elements::{SHAPES, Shape, config, crowded, hex, with_rank};
use crate::server::Server;

/// Adds the elements numbered up to each of `checkpoints` to both, and compares at each.
fn check(server: &mut Server, name: &str, shape: Shape, checkpoints: &[u64]) {
    server.delete_all();
    let mut sketch = Sketch::new();
    let mut n_added = 0;
    for &checkpoint in checkpoints {
        while n_added < checkpoint {
            let end = checkpoint.min(n_added + 10_000);
            let batch: Vec<_> = (n_added..end).map(shape).collect();
            n_added = end;
            let theirs = server.add("key", &batch);
            let ours = batch.iter().fold(false, |raised, it| sketch.insert(it) | raised);
            assert_eq!(ours, theirs, "{name}: answers up to {checkpoint}");
        }
        let expected = server.get("key");
        assert!(sketch.to_bytes() == expected, "{name}: bytes differ at {checkpoint}");
        assert_eq!(sketch.estimate(), server.count(&["key"]), "{name}: at {checkpoint}");
        server.set("copy", &sketch.to_bytes());
        assert_eq!(sketch.estimate(), server.count(&["copy"]), "{name}: at {checkpoint}");
        let read = Sketch::from_bytes(&expected).unwrap();
        assert!(read == sketch, "{name}: what was read differs at {checkpoint}");
    }
}

#[test]
fn bytes_and_counts_are_those_of_redis_up_to_ten_million_elements() {
    let Some(mut server) = Server::start() else { return };
    let mut checkpoints: Vec<u64> = (1..100).collect();
    checkpoints.extend((100..3_000).step_by(10));
    checkpoints.extend((3_000..20_000).step_by(1_000));
    checkpoints.extend([50_000, 100_000, 300_000, 1_000_000, 3_000_000, 10_000_000]);
    check(&mut server, "decimal ids", |n| n.to_string().into_bytes(), &checkpoints);
}

#[test]
fn bytes_are_those_of_redis_for_every_shape_of_element() {
    let Some(mut server) = Server::start() else { return };
    for (name, shape) in SHAPES {
        check(&mut server, name, shape, &[1, 2, 3, 10, 100, 500, 1_000, 1_500, 2_000, 3_000]);
    }
}

#[test]
fn the_switch_to_dense_happens_at_the_very_element_at_which_redis_switches() {
    let Some(mut server) = Server::start() else { return };
    for (name, shape) in SHAPES {
        server.delete_all();
        let mut sketch = Sketch::new();
        let mut n_added = 0;
        while !sketch.is_dense() {
            let element = shape(n_added);
            assert_eq!(sketch.insert(&element), server.add("key", &[&element]), "{name}");
            n_added += 1;
            if n_added > 1_400 {
                assert!(sketch.to_bytes() == server.get("key"), "{name}: at {n_added}");
            }
        }
        assert!((1_400..2_000).contains(&n_added), "{name}: switched at {n_added}");
    }
}

#[test]
fn every_rank_of_the_first_and_last_registers_is_stored_as_redis_stores_it() {
    let Some(mut server) = Server::start() else { return };
    for register in [0, 1, 2, 3, 4, 63, 64, 8_191, 16_380, 16_381, 16_382, 16_383] {
        server.delete_all();
        let mut sketch = Sketch::new();
        for rank in 1..=51 {
            let element = with_rank(register, rank);
            assert!(sketch.insert(&element) && server.add("key", &[element]));
            assert!(sketch.to_bytes() == server.get("key"), "register {register}, rank {rank}");
            assert_eq!(sketch.is_dense(), rank > 32, "register {register}, rank {rank}");
            assert_eq!(sketch.estimate(), server.count(&["key"]));
        }
    }
}

#[test]
fn saturated_registers_count_as_redis_counts_them() {
    let Some(mut server) = Server::start() else { return };
    let mut sketch = Sketch::new();
    for n_registers in [1, 100, 8_000, 16_000, 16_383, 16_384] {
        let elements: Vec<_> = (0..n_registers).map(|register| with_rank(register, 51)).collect();
        server.add("key", &elements);
        for element in &elements {
            sketch.insert(element);
        }
        assert!(sketch.to_bytes() == server.get("key"));
        assert_eq!(sketch.estimate(), server.count(&["key"]), "{n_registers} at 51");
    }
    assert_eq!(sketch.estimate(), 1 << 63, "no finite estimate");
}

#[test]
fn registers_near_their_maximum_count_as_redis_counts_them() {
    let Some(mut server) = Server::start() else { return };
    for lowest in [40, 45, 48, 49, 50] {
        for share_at_maximum in [1, 2, 10, 1_000] {
            server.delete_all();
            let rank = |register: u16| match register % share_at_maximum {
                0 => 51,
                n => lowest + (n % 8) as u8 % (51 - lowest),
            };
            let elements: Vec<_> = (0..1 << 14).map(|n| with_rank(n, rank(n))).collect();
            server.add("key", &elements);
            let sketch = Sketch::from_bytes(&server.get("key")).unwrap();
            assert_eq!(sketch.estimate(), server.count(&["key"]), "{lowest}, {share_at_maximum}");
        }
    }
}

#[test]
fn crowded_runs_are_split_and_joined_as_in_redis() {
    let Some(mut server) = Server::start() else { return };
    let server = std::cell::RefCell::new(&mut server);
    let result = TestRunner::new(config(150)).run(&crowded(), |elements| {
        let mut server = server.borrow_mut();
        server.delete_all();
        let mut sketch = Sketch::new();
        for (n, element) in elements.iter().enumerate() {
            prop_assert_eq!(sketch.insert(element), server.add("key", &[element]));
            if n % 8 == 0 {
                prop_assert_eq!(hex(&sketch.to_bytes()), hex(&server.get("key")));
            }
        }
        prop_assert_eq!(hex(&sketch.to_bytes()), hex(&server.get("key")));
        Ok(())
    });
    result.unwrap();
}
