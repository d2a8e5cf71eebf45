use super::*;

/// Header of a key that nobody has counted yet.
const FRESH: &str = "48 59 4c 4c 01 00 00 00 00 00 00 00 00 00 00 80 ";

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(" ")
}

fn sketch(elements: &[&str]) -> Sketch {
    let mut sketch = Sketch::new();
    for element in elements {
        sketch.insert(element.as_bytes());
    }
    sketch
}

/// The bytes are what Redis 7.0.15 answered to `PFADD key ELEMENT…` and `GET key`.
#[track_caller]
fn check(elements: &[&str], opcodes: &str) {
    assert_eq!(hex(&sketch(elements).to_bytes()), format!("{FRESH}{opcodes}"));
}

#[test]
fn the_string_is_the_one_redis_7_0_15_stores() {
    check(&[], "7f ff");
    check(&["a"], "71 a6 84 4e 57");
    check(&["a", "b", "c"], "60 f3 80 50 b1 84 4b fb 80 42 5a");
    check(&["1", "2", "3"], "5d 66 80 4d 74 80 51 2c 8c 43 f3");
    check(&[""], "57 31 84 68 cc");
    check(&["42", "ä"], "4a 40 8c 5b 4d 80 5a 6e");
}

#[test]
fn a_merge_stores_the_string_redis_7_0_15_stores() {
    // PFMERGE u a c, with the elements "a" in one key and 1, 2, 3 in the other.
    let expected = format!("{FRESH}5d 66 80 4d 74 80 46 c8 84 4a 62 8c 43 f3");
    let (a, c) = (sketch(&["a"]), sketch(&["1", "2", "3"]));

    let mut one_by_one = a.clone();
    one_by_one.merge(&c);
    assert_eq!(hex(&one_by_one.to_bytes()), expected);

    let mut at_once = Sketch::new();
    at_once.merge_all([&a, &c]);
    assert_eq!(hex(&at_once.to_bytes()), expected);
}

#[test]
fn a_cached_count_goes_stale_as_in_redis_and_is_never_believed() {
    // PFADD c 1 2 3, PFCOUNT c, GET c; then PFADD c 4, GET c.
    let counted = [
        0x48, 0x59, 0x4c, 0x4c, 1, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0, 0x5d, 0x66, 0x80, 0x4d, 0x74,
        0x80, 0x51, 0x2c, 0x8c, 0x43, 0xf3,
    ];
    let mut sketch = Sketch::from_bytes(&counted).unwrap();
    assert!(!sketch.insert(b"3"));
    assert_eq!(sketch.to_bytes(), counted, "nothing was raised, so the count still holds");
    assert!(sketch.insert(b"4"));
    let expected = "48 59 4c 4c 01 00 00 00 03 00 00 00 00 00 00 80 \
                    41 ee 84 5b 76 80 4d 74 80 51 2c 8c 43 f3";
    assert_eq!(hex(&sketch.to_bytes()), expected);

    let mut lying = counted;
    lying[8] = 200;
    assert_eq!(Sketch::from_bytes(&lying).unwrap().estimate(), 3);
}

#[test]
fn each_fault_of_a_string_is_named() {
    let sparse = sketch(&["a"]).to_bytes();
    let dense = {
        let mut bytes = sparse[..16].to_vec();
        bytes[4] = 0;
        bytes.extend([0; DENSE_BYTES]);
        bytes
    };
    assert!(Sketch::from_bytes(&dense).unwrap().is_dense());
    let with = |bytes: &[u8], at: usize, byte: u8| {
        let mut bytes = bytes.to_vec();
        bytes[at] = byte;
        bytes
    };

    let check = |bytes: &[u8], error: DecodeError, message: &str| {
        assert_eq!(Sketch::from_bytes(bytes).unwrap_err(), error);
        assert_eq!(error.to_string(), message);
    };
    check(
        b"",
        DecodeError::TooShort { len: 0 },
        "a sketch has a header of 16 bytes, this string has 0",
    );
    check(
        &sparse[..15],
        DecodeError::TooShort { len: 15 },
        "a sketch has a header of 16 bytes, this string has 15",
    );
    check(
        &with(&sparse, 3, b'l'),
        DecodeError::NotHyll,
        "a sketch begins with `HYLL`, this string does not",
    );
    check(
        &with(&sparse, 4, 2),
        DecodeError::UnknownEncoding { encoding: 2 },
        "unknown encoding 2, known are 0 (dense) and 1 (sparse)",
    );
    for at in 5..8 {
        check(
            &with(&sparse, at, 1),
            DecodeError::ReservedBytes,
            "the reserved header bytes 5 to 7 are not zero",
        );
    }
    check(
        &dense[..12_303],
        DecodeError::DenseLength { len: 12_303 },
        "a dense sketch has 12304 bytes, this string has 12303",
    );
    check(
        &with(&dense, 16, 52),
        DecodeError::ImpossibleRegister { register: 0, value: 52 },
        "register 0 holds 52, the highest possible is 51",
    );
    check(
        &sparse[..20],
        DecodeError::CutOpcode { offset: 19 },
        "the opcode at byte 19 lacks its second byte",
    );
    check(
        &with(&sparse, 20, 0x58),
        DecodeError::TooManyRegisters { offset: 19 },
        "the opcode at byte 19 goes beyond register 16383",
    );
    check(
        &sparse[..19],
        DecodeError::TooFewRegisters { registers: 12_712 },
        "the opcodes cover 12712 of 16384 registers",
    );
}
