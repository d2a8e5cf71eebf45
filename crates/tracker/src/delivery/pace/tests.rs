use super::{BackOff, Kept, LONGEST};
use std::time::{Duration, Instant};

#[test]
fn waits_grow_to_a_bound_and_begin_again() {
    let mut back_off = BackOff::default();
    let waits: Vec<u128> = (0..10).map(|_| back_off.next(None, 1.0).as_millis()).collect();
    assert_eq!(waits, [200, 400, 800, 1600, 3200, 6400, 12800, 25600, 30000, 30000]);
    assert_eq!(back_off.next(None, 0.0), LONGEST / 2);
    let asked = Duration::from_secs(90);
    assert_eq!(back_off.next(Some(asked), 0.5), asked);
    back_off.reset();
    assert_eq!(back_off.next(None, 0.0), Duration::from_millis(100));
    for _ in 0..100 {
        back_off.next(None, 0.3);
    }
    assert_eq!(back_off.next(None, 1.0), LONGEST);
}

#[test]
fn entries_are_kept_for_a_window_and_not_much_longer() {
    let start = Instant::now();
    let at = |seconds: u64| start + Duration::from_secs(seconds);
    let mut none = Kept::new(Duration::ZERO);
    assert_eq!(none.mark(7, at(0)), 7);
    let mut kept = Kept::new(Duration::from_secs(640));
    for second in 0..2_000 {
        let after = kept.mark(second + 1, at(second));
        let exact = (second + 1).saturating_sub(640);
        assert!(after <= exact && after + 11 >= exact, "{after} at {second}");
        assert!(kept.marks.len() <= 66);
    }
    kept.forget();
    assert_eq!(kept.mark(9_000, at(3_000)), 0);
}
