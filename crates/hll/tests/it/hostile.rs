//! Strings that were damaged or made up.

use internal_events_hll::{DecodeError, Sketch};
use proptest::prelude::*;
use proptest::test_runner::TestRunner;

use crate::elements::{config, hex};
use crate::server::{Reply, Server};

/// Strings to damage: empty, sparse short and long, nearly dense, dense.
fn victims() -> Vec<Vec<u8>> {
    let sketch_of = |n_elements: u32| {
        let mut sketch = Sketch::new();
        for n in 0..n_elements {
            sketch.insert(n.to_string().as_bytes());
        }
        sketch.to_bytes()
    };
    [0, 1, 3, 50, 400, 1_500, 20_000].map(sketch_of).to_vec()
}

/// Holds our verdict on `bytes` against that of Redis.
fn check(server: &mut Server, bytes: &[u8]) -> Result<(), String> {
    server.set("key", bytes);
    // Two keys, so that Redis reads the registers even where a cached count claims to be valid.
    let theirs = server.call(&[b"PFCOUNT", b"no such key", b"key"]);
    let ours = Sketch::from_bytes(bytes);
    match (theirs, ours) {
        (Reply::Error(_), Err(_)) => Ok(()),
        (Reply::Integer(count), Ok(sketch)) => {
            if sketch.to_bytes() != bytes {
                return Err(format!("accepted but changed: {}", hex(bytes)));
            }
            if sketch.estimate() != count.cast_unsigned() {
                return Err(format!("{} for {count}: {}", sketch.estimate(), hex(bytes)));
            }
            Ok(())
        }
        // What Redis lets pass although it never writes it, as `from_bytes` documents.
        (
            Reply::Integer(_),
            Err(
                DecodeError::ReservedBytes
                | DecodeError::ImpossibleRegister { .. }
                | DecodeError::CutOpcode { .. },
            ),
        ) => Ok(()),
        (theirs, ours) => Err(format!("{theirs:?} but {ours:?}: {}", hex(bytes))),
    }
}

/// One way to damage a string. Positions are shares of its length.
#[derive(Debug, Clone)]
enum Damage {
    Set(f64, u8),
    Flip(f64, u8),
    Insert(f64, u8),
    Remove(f64),
    Cut(f64),
    Swap(f64, f64),
}

impl Damage {
    fn apply(&self, bytes: &mut Vec<u8>) {
        if bytes.is_empty() {
            return;
        }
        let len = bytes.len();
        // Half of all positions are near the header, where the meaning is densest.
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            clippy::cast_precision_loss,
            reason = "a share of a length is a position"
        )]
        let at = |share: f64| {
            let reach = if share < 0.5 { len.min(40) } else { len };
            ((share * 2.0).fract() * reach as f64) as usize
        };
        match *self {
            Self::Set(share, byte) => bytes[at(share)] = byte,
            Self::Flip(share, bit) => bytes[at(share)] ^= 1 << bit,
            Self::Insert(share, byte) => bytes.insert(at(share), byte),
            Self::Remove(share) => drop(bytes.remove(at(share))),
            Self::Cut(share) => bytes.truncate(at(share)),
            Self::Swap(a, b) => bytes.swap(at(a), at(b)),
        }
    }
}

fn damage() -> impl Strategy<Value = Damage> {
    let share = || 0.0..1.0_f64;
    prop_oneof![
        (share(), any::<u8>()).prop_map(|(at, byte)| Damage::Set(at, byte)),
        (share(), 0..8_u8).prop_map(|(at, bit)| Damage::Flip(at, bit)),
        (share(), any::<u8>()).prop_map(|(at, byte)| Damage::Insert(at, byte)),
        share().prop_map(Damage::Remove),
        share().prop_map(Damage::Cut),
        (share(), share()).prop_map(|(a, b)| Damage::Swap(a, b)),
    ]
}

#[test]
fn what_redis_refuses_is_refused_and_the_rest_counts_the_same() {
    let Some(mut server) = Server::start() else { return };
    let victims = victims();
    let server = std::cell::RefCell::new(&mut server);
    let cases = (0..victims.len(), prop::collection::vec(damage(), 0..4));
    let result = TestRunner::new(config(5_000)).run(&cases, |(victim, damages)| {
        let mut bytes = victims[victim].clone();
        for damage in damages {
            damage.apply(&mut bytes);
        }
        check(*server.borrow_mut(), &bytes).map_err(TestCaseError::fail)
    });
    result.unwrap();
}

#[test]
fn every_bit_and_every_length_of_a_short_string_is_judged_as_redis_does() {
    let Some(mut server) = Server::start() else { return };
    for victim in victims().into_iter().filter(|bytes| bytes.len() < 200) {
        for bit in 0..8 * victim.len() {
            let mut bytes = victim.clone();
            bytes[bit / 8] ^= 1 << (bit % 8);
            check(&mut server, &bytes).unwrap();
        }
        for length in 0..victim.len() {
            check(&mut server, &victim[..length]).unwrap();
        }
    }
}

#[test]
fn made_up_opcodes_are_judged_and_updated_as_in_redis() {
    let Some(mut server) = Server::start() else { return };
    let server = std::cell::RefCell::new(&mut server);
    // Runs of every kind and length, wasteful ones too, filled up to exactly 16,384 registers.
    let opcode = prop_oneof![
        (0..64_u8).prop_map(|byte| vec![byte]),
        (0..2_u8, any::<u8>()).prop_map(|(high, low)| vec![0x40 | high, low]),
        (0x80..=0xff_u8).prop_map(|byte| vec![byte]),
    ];
    let cases = (prop::collection::vec(opcode, 0..200), prop::collection::vec(any::<u64>(), 0..20));
    let result = TestRunner::new(config(300)).run(&cases, |(opcodes, hashes)| {
        let mut bytes = Sketch::new().to_bytes();
        bytes.truncate(16);
        let mut n_left = 16_384;
        for opcode in opcodes {
            let length = match *opcode {
                [byte] if byte < 64 => usize::from(byte) + 1,
                [high, low] => (usize::from(high & 63) << 8 | usize::from(low)) + 1,
                [byte, ..] => usize::from(byte & 3) + 1,
                [] => 0,
            };
            if length < n_left {
                n_left -= length;
                bytes.extend(opcode);
            }
        }
        let [high, low] = u16::try_from(n_left - 1).unwrap().to_be_bytes();
        bytes.extend([0x40 | high, low]);

        let mut server = server.borrow_mut();
        check(*server, &bytes).map_err(TestCaseError::fail)?;
        let mut sketch = Sketch::from_bytes(&bytes).unwrap();
        for hash in hashes {
            let element = crate::elements::with_hash(hash);
            prop_assert_eq!(sketch.insert(&element), server.add("key", &[element]));
            prop_assert_eq!(hex(&sketch.to_bytes()), hex(&server.get("key")));
        }
        Ok(())
    });
    result.unwrap();
}

proptest! {
    #![proptest_config(config(2_000))]

    #[test]
    fn arbitrary_bytes_never_panic_and_what_is_accepted_can_be_used(
        bytes in prop::collection::vec(any::<u8>(), 0..100),
        encoding in 0..3_u8,
    ) {
        let mut string = b"HYLL".to_vec();
        string.extend([encoding, 0, 0, 0]);
        string.extend(bytes);
        if let Ok(mut sketch) = Sketch::from_bytes(&string) {
            prop_assert_eq!(sketch.to_bytes(), string);
            sketch.insert(b"a");
            sketch.merge(&sketch.clone());
            prop_assert!(sketch.estimate() > 0);
        }
    }
}

#[test]
fn a_string_longer_than_any_redis_writes_is_read_and_goes_dense_when_it_grows() {
    let Some(mut server) = Server::start() else { return };
    // 16,384 single zeros, the longest string without two-byte opcodes.
    let mut bytes = Sketch::new().to_bytes();
    bytes.truncate(16);
    bytes.extend([0; 16_384]);
    check(&mut server, &bytes).unwrap();
    let mut sketch = Sketch::from_bytes(&bytes).unwrap();
    for element in ["a", "b", "c"] {
        assert!(sketch.insert(element.as_bytes()) && server.add("key", &[element]));
        assert!(sketch.to_bytes() == server.get("key"), "the string does not grow, so it stays");
    }
    // Sixty-four zeros at the end are one opcode that must become two.
    bytes.truncate(16 + 16_384 - 64);
    bytes.push(0x3f);
    server.set("key", &bytes);
    let mut sketch = Sketch::from_bytes(&bytes).unwrap();
    let element = crate::elements::with_rank(16_383, 1);
    assert!(sketch.insert(&element) && server.add("key", &[element]));
    assert!(sketch.is_dense());
    assert!(sketch.to_bytes() == server.get("key"));
}
