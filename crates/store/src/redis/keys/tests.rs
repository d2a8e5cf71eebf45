use super::*;

#[test]
fn a_group_is_the_hash_tag_or_the_key() {
    for (key, group, has_mates) in [
        ("{hll_counters}_e-user-2026-47", "hll_counters", true),
        ("USAGE_SNIPPET_CREATE", "USAGE_SNIPPET_CREATE", true),
        ("a{b}c{d}", "b", true),
        ("a{b", "a{b", true),
        ("a{}{b}", "a{}{b}", false),
        ("a}b", "a}b", false),
        ("}{a}", "a", true),
        ("", "", true),
    ] {
        assert_eq!(group_of(key), group, "{key}");
        assert_eq!(has_slot_mates(group), has_mates, "{key}");
        if has_mates && !group.is_empty() {
            assert_eq!(group_of(&positions_key(group)), group, "{key}");
            assert_eq!(group_of(&seed_key(group, "j")), group, "{key}");
        }
    }
}

#[test]
fn a_key_of_a_week_ends_in_year_and_week() {
    for (key, expected) in [
        ("{event_counters}_e-2026-47", true),
        ("{event_counters}_e", false),
        ("{event_counters}_e-2026-4", false),
        ("{event_counters}_e-20260-47", false),
        ("{event_counters}_e_2026-47", false),
        ("-2026-47", true),
        ("2026-47", false),
        ("é-2026-47", true),
    ] {
        assert_eq!(is_weekly(key), expected, "{key}");
    }
}
