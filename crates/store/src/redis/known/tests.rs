use super::*;

fn options() -> RedisOptions {
    RedisOptions::parse("redis://h").unwrap()
}

const INTERVAL: Duration = Duration::from_millis(100);

/// Whether an element is new, and whether the sketch is due.
fn observe(known: &mut Known, key: &Arc<str>, element: &[u8], at: i64) -> (bool, bool) {
    let mut new = Vec::new();
    let is_seed_due = known.observe(key, &[(element, at)], INTERVAL, &mut new);
    (!new.is_empty(), is_seed_due)
}

fn key(number: usize) -> Arc<str> {
    Arc::from(number.to_string())
}

#[test]
fn an_element_is_new_once_until_its_key_is_forgotten() {
    let mut known = Known::default();
    let is_new = |known: &mut Known, element: &[u8]| observe(known, &key(1), element, 0).0;
    assert!(is_new(&mut known, b"a"));
    assert!(is_new(&mut known, b"b"));
    assert!(!is_new(&mut known, b"a"));
    known.forget("1");
    assert!(is_new(&mut known, b"a"));
}

#[test]
fn a_seed_is_due_once_in_an_interval_wherever_the_clock_goes() {
    let mut known = Known::default();
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
        assert_eq!(observe(&mut known, &key(1), b"a", at).1, expected, "{at}");
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
            observe(&mut known, &key(number), b"a", 0);
        }
        known.trim(&options);
        assert_eq!(known.len(), n_kept, "{keys} {bytes}");
        if n_kept > 0 {
            assert!(!observe(&mut known, &key(0), b"a", 0).0, "{keys} {bytes}");
        }
        if n_kept < 9 {
            assert!(observe(&mut known, &key(1), b"a", 0).0, "{keys} {bytes}");
        }
    }
}

#[test]
fn of_many_elements_each_is_new_once() {
    let (mut known, mut new) = (Known::default(), Vec::new());
    let elements: Vec<String> = (0..200_000).map(|it| (it % 50_000).to_string()).collect();
    let elements: Vec<(&[u8], i64)> = elements.iter().map(|it| (it.as_bytes(), 0)).collect();
    let mut expected = Sketch::new();
    let n_new = elements.iter().filter(|(it, _)| expected.insert(it)).count();
    for (nth, elements) in elements.chunks(1_000).enumerate() {
        // Another key with the same elements takes nothing away from the first.
        known.observe(&key(nth % 2), elements, INTERVAL, &mut Vec::new());
        known.observe(&key(9), elements, INTERVAL, &mut new);
    }
    assert_eq!(new.len(), n_new);
    assert_eq!(known.seed("9"), Some(expected.to_bytes()));
}
