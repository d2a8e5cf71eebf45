use super::*;

#[test]
fn what_is_kept_is_read_again() {
    let mut positions = Positions::new(7);
    for (idx, group) in ["hll_counters", "a b", "\\n\n\r\\", "", "é"].into_iter().enumerate() {
        positions.set(group, Standing { position: Some(idx as u64), reported: 3 });
    }
    let text = positions.to_text();
    assert_eq!(Positions::from_text(&text).unwrap(), positions, "{text}");
}

#[test]
fn what_is_no_such_text_is_refused() {
    for text in ["", "x", "1 x", "2 0\n", "1 0\n5 0", "1 0\n5 x a"] {
        assert!(Positions::from_text(text).is_err(), "{text}");
    }
}

#[test]
fn groups_that_moved_least_lately_are_forgotten() {
    let mut positions = Positions::default();
    for number in 0..=GROUPS as u64 {
        positions.set(&number.to_string(), Standing { position: Some(number), reported: 0 });
    }
    positions.trim();
    assert_eq!(positions.groups().len(), GROUPS / 4 * 3);
    assert!(positions.get("0").is_none());
    assert!(positions.get(&GROUPS.to_string()).is_some());
}
