//! Tables of key overrides, and the list of legacy events.

use super::*;

#[test]
fn tables_are_edited_in_place() {
    let entries = |pairs: &[(&str, &str)]| {
        pairs.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect::<BTreeMap<_, _>>()
    };
    for (before, added, expected) in [
        (None, vec![("b-user", "b")], "---\nb-user: b\n"),
        (
            Some("---\na-user: a\nc-user: c\n"),
            vec![("b-user", "b")],
            "---\na-user: a\nb-user: b\nc-user: c\n",
        ),
        (
            Some("---\nb-user: b # x\n# of c\nc-user: c"),
            vec![("a-user", "a"), ("d-user", "d")],
            "---\na-user: a\nb-user: b # x\n# of c\nc-user: c\nd-user: d\n",
        ),
        (
            Some("---\nc-user: c\na-user: a\n"),
            vec![("b-user", "b")],
            "---\nc-user: c\na-user: a\nb-user: b\n",
        ),
        (Some("# nothing yet\n"), vec![("b-user", "b")], "# nothing yet\nb-user: b\n"),
    ] {
        assert_eq!(tables::with_entries(before, &entries(&added)).as_deref(), Ok(expected));
    }
    for broken in ["- a\n", "{}\n", "{a: b}\n", "a: b\na: b\n", "a: [\n"] {
        assert!(tables::with_entries(Some(broken), &entries(&[("b", "b")])).is_err(), "{broken}");
    }
    let names = |it: &[&str]| it.iter().map(|it| (*it).to_owned()).collect::<BTreeSet<_>>();
    for (before, gone, expected) in [
        ("---\n- a # x\n# of b\n- b\n- c\n", vec!["a", "c"], Some("---\n# of b\n- b\n")),
        ("---\n- a\n", vec!["a"], Some("---\n[]\n")),
        ("---\n- a\n", vec!["b"], Some("---\n- a\n")),
        ("[a, b]\n", vec!["a"], None),
    ] {
        let changed = tables::without(before, &names(&gone)).ok();
        assert_eq!(changed.as_deref(), expected, "{before}");
    }
}

#[test]
fn the_list_of_legacy_events_loses_what_is_internal() {
    let planned = Application::default()
        .unique_metric("m", "options:\n  events:\n  - a_event\n")
        .with(LISTED, "---\n- a_event\n- z_event\n")
        .calls(by_user("a_event"))
        .plan();
    assert_eq!(after(&planned, LISTED), "---\n- z_event\n");
}
