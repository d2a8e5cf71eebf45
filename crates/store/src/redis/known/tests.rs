use super::*;

fn options() -> RedisOptions {
    let mut options = RedisOptions::parse("redis://h").unwrap();
    options.reseed_interval = std::time::Duration::from_millis(100);
    options
}

fn key(number: usize) -> Arc<str> {
    Arc::from(number.to_string())
}

#[test]
fn an_element_is_new_once_until_its_key_is_forgotten() {
    let (mut known, options) = (Known::default(), options());
    let is_new =
        |known: &mut Known, element: &[u8]| known.observe(&key(1), element, 0, &options).is_new;
    assert!(is_new(&mut known, b"a"));
    assert!(is_new(&mut known, b"b"));
    assert!(!is_new(&mut known, b"a"));
    known.forget("1");
    assert!(is_new(&mut known, b"a"));
}

#[test]
fn a_seed_is_due_once_in_an_interval_wherever_the_clock_goes() {
    let (mut known, options) = (Known::default(), options());
    for (at, expected) in [
        (1_000, false),
        (1_099, false),
        (1_100, true),
        (1_101, false),
        (1_199, false),
        (2_000, true),
        (1_950, false),
        (1_900, true),
        (1_901, false),
    ] {
        assert_eq!(known.observe(&key(1), b"a", at, &options).is_seed_due, expected, "{at}");
    }
}

#[test]
fn what_was_not_used_for_longest_goes_first() {
    for (keys, bytes, n_kept) in
        [(8, usize::MAX, 6), (9, usize::MAX, 9), (usize::MAX, 8 * SPARSE_BYTES, 6), (0, 0, 0)]
    {
        let mut options = options();
        (options.known_keys, options.known_bytes) = (keys, bytes);
        let mut known = Known::default();
        for number in (0..9).chain([0]) {
            known.observe(&key(number), b"a", 0, &options);
        }
        known.trim(&options);
        assert_eq!(known.len(), n_kept, "{keys} {bytes}");
        if n_kept > 0 {
            assert!(!known.observe(&key(0), b"a", 0, &options).is_new, "{keys} {bytes}");
        }
        if n_kept < 9 {
            assert!(known.observe(&key(1), b"a", 0, &options).is_new, "{keys} {bytes}");
        }
    }
}
