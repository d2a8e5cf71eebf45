use super::*;
use crate::project::LegacyEvent;
use crate::site::PropertyType;
use Language::Html;
use std::collections::{BTreeMap, BTreeSet};

#[test]
fn names_of_attributes_change_and_nothing_else() {
    check(Html, r#"<a data-track-action="x">"#, r#"<a data-event-tracking="x">"#);
    check(Html, "<a data-track-action=x>", "<a data-event-tracking=x>");
    check(Html, "<a data-track-action = 'x' >é", "<a data-event-tracking = 'x' >é");
    check(Html, "<br DATA-Track-Action='x'/>", "<br data-event-tracking='x'/>");
    check(
        Html,
        "é<p>\r\n<a\r\n\tdata-track-action='x'\r\n>",
        "é<p>\r\n<a\r\n\tdata-event-tracking='x'\r\n>",
    );
    check(Html, "<a data-track-event='x'>", "<a data-event-tracking='x'>");
    check(
        Html,
        "<a é='1' b=\"<&quot;>\" data-track-action='x'>",
        "<a é='1' b=\"<&quot;>\" data-event-tracking='x'>",
    );
    check(
        Html,
        r#"<a data-track-value="2" data-track-label="l" data-track-action="x" data-track-property="p">"#,
        r#"<a data-event-value="2" data-event-label="l" data-event-tracking="x" data-event-property="p">"#,
    );
    check(
        Html,
        r#"<p><a data-track-action="x">a</a><b data-track-action="y">b</b><i data-event-tracking="z"></i></p>"#,
        r#"<p><a data-event-tracking="x">a</a><b data-event-tracking="y">b</b><i data-event-tracking="z"></i></p>"#,
    );
}

#[test]
fn custom_properties_are_kept() {
    let found = check(
        Html,
        r#"<a data-track-action="x" data-track-extra='{"plan": "gold", "count": 2}'>"#,
        r#"<a data-event-tracking="x" data-event-additional='{"plan": "gold", "count": 2}'>"#,
    );
    let [it] = &found[..] else { panic!("one event") };
    assert_eq!(it.properties["plan"].of_type, PropertyType::Text);
    assert_eq!(it.properties["count"].of_type, PropertyType::Number);
    assert_eq!(it.properties["count"].example.as_deref(), Some("2"));
    check(
        Html,
        r#"<a data-track-action="x" data-track-extra="{&quot;a&quot;:&quot;b&quot;}">"#,
        r#"<a data-event-tracking="x" data-event-additional="{&quot;a&quot;:&quot;b&quot;}">"#,
    );
}

#[test]
fn what_is_found_says_what_a_definition_needs() {
    let found = check(
        Html,
        "<a data-track-action=x data-track-label=l data-track-value=3>",
        "<a data-event-tracking=x data-event-label=l data-event-value=3>",
    );
    let [it] = &found[..] else { panic!("one event") };
    assert_eq!((it.name.as_str(), it.identifiers.len()), ("x", 3));
    assert!(!it.was_unique && it.unique.is_none() && it.was_total.is_none());
    assert_eq!(it.properties["label"].example.as_deref(), Some("l"));
    assert_eq!(it.properties["value"].of_type, PropertyType::Number);
}

#[test]
fn loading_is_a_word_of_its_own() {
    check(
        Html,
        "<p data-track-action='render' data-track-label='a'>",
        "<p data-event-tracking='render' data-event-tracking-load='true' data-event-label='a'>",
    );
    check_with(
        Html,
        "<p data-track-action=\"render\">",
        "<p data-event-tracking=\"render_page\" data-event-tracking-load=\"true\">",
        &renaming(&[("render", "render_page")]),
    );
    check(Html, "<p data-track-action='render_x'>", "<p data-event-tracking='render_x'>");
    let said = notes(Html, "<p data-track-action='render_x'>", &Options::default());
    assert!(said.contains("by a click, as before"), "{said}");
}

#[test]
fn the_first_guide_drops_properties_with_their_lines() {
    check_with(
        Html,
        "<a\n  href='x'\n  data-track-action='x'\n  data-track-label='l'\n  data-track-property='p' data-track-value='1'\n  id='i'\n>",
        "<a\n  href='x'\n  data-event-tracking='x'\n  id='i'\n>",
        &first_guide(),
    );
    check_with(
        Html,
        "<a data-track-label='l' data-track-action='x'>",
        "<a data-event-tracking='x'>",
        &first_guide(),
    );
    let said = notes(Html, "<a data-track-action='x' data-track-label='l'>", &first_guide());
    assert!(said.contains("dropped") && said.contains("InternalEventTracking"), "{said}");
}

#[test]
fn names_are_changed_if_asked_for() {
    let options = renaming(&[("Old Name", "new_name")]);
    let found = check_with(
        Html,
        "<a data-track-action=\"Old Name\">",
        "<a data-event-tracking=\"new_name\">",
        &options,
    );
    assert_eq!(found[0].old_name.as_deref(), Some("Old Name"));
    assert!(notes(Html, "<a data-track-action='Old Name'>", &options).contains("`new_name` now"));
}

#[test]
fn an_element_that_has_both_loses_the_old_attributes() {
    check(
        Html,
        "<a data-track-action='x' data-event-tracking='x' data-track-label='l'>",
        "<a data-event-tracking='x' data-event-label='l'>",
    );
    check(
        Html,
        "<a data-event-tracking='x' data-event-label='l' data-track-action='x' data-track-label='l'>",
        "<a data-event-tracking='x' data-event-label='l'>",
    );
}

#[test]
fn what_tracks_nothing_is_left() {
    ignore(Html, "<a data-track-label='l'>");
    ignore(Html, "<a data-track='x' data-action='y'>data-track-action='z'");
    ignore(Html, "<!-- <a data-track-action='x'> -->");
    ignore(Html, "<script>'data-track-label'</script>");
    ignore(Html, "</a data-track-action='x'>");
    ignore(Html, "<a data-track-action='x'");
    ignore(Html, "");
}

#[test]
fn own_values_are_mentioned() {
    let said = notes(Html, "<input data-track-action='x'>", &Options::default());
    assert!(said.contains("own value"), "{said}");
    let said =
        notes(Html, "<input data-track-action='x' data-track-value='1'>", &Options::default());
    assert_eq!(said, "");
    let said = notes(Html, "<a data-track-action='x' data-track-value='one'>", &Options::default());
    assert!(said.contains("no number"), "{said}");
}

#[test]
fn what_cannot_be_proven_is_refused() {
    refuse(Html, "<a data-track-action='Click It'>", Reason::IllegalName, "Click It");
    refuse(Html, "<a data-track-action=''>", Reason::IllegalName, "``");
    refuse(Html, "<a data-track-action>", Reason::IllegalName, "data-track-action");
    refuse(Html, "<a data-track-action='x' data-track-action='y'>", Reason::NotUnderstood, "'y'");
    refuse(
        Html,
        "<a data-track-action='x' data-track-event='x'>",
        Reason::NotUnderstood,
        "track-event",
    );
    refuse(
        Html,
        "<a data-track-action='x' data-track-label='y' data-track-label='z'>",
        Reason::NotUnderstood,
        "'z'",
    );
    refuse(
        Html,
        "<a data-track-action='x' data-track-context='{}'>",
        Reason::CustomContext,
        "data-track-context",
    );
    refuse(
        Html,
        "<a data-track-action='x' data-track-experiment='e'>",
        Reason::CustomContext,
        "experiment",
    );
    refuse(
        Html,
        "<a data-track-action='x' data-toggle='dropdown'>",
        Reason::SeveralCalls,
        "x_show",
    );
    refuse(Html, "<a data-track-action='x' data-event-tracking='y'>", Reason::NameTaken, "'y'");
    refuse(
        Html,
        "<a data-track-action='x' data-track-label='a' data-event-label='b'>",
        Reason::NotUnderstood,
        "data-track-label='a'",
    );
    refuse(
        Html,
        "<a data-track-action='x' data-track-extra='{a: 1}'>",
        Reason::NotUnderstood,
        "{a: 1}",
    );
    refuse(Html, "<a data-track-action='x' data-track-extra='[1]'>", Reason::NotUnderstood, "[1]");
    refuse(
        Html,
        "<a data-track-action='x' data-track-extra='{\"a\":{\"b\":1}}'>",
        Reason::NotUnderstood,
        "{\"b\":1}",
    );
    refuse(
        Html,
        "<a data-track-action='x' data-track-extra='{\"label\":\"b\"}'>",
        Reason::NotUnderstood,
        "`label`",
    );
    refuse(
        Html,
        "<a data-track-action='x' data-track-extra='{\"user\":\"b\"}'>",
        Reason::NotUnderstood,
        "`user`",
    );
}

#[test]
fn names_of_other_internal_events_are_taken() {
    let internal_events = BTreeSet::from(["x".to_owned()]).into();
    let mut project = Project { internal_events, ..Project::default() };
    let text = "<a data-track-action='x'>";
    refuse_in(&project, Html, text, Reason::NameTaken, "`x`");
    // Said twice, it is meant; and an event of both lists is one on its way.
    let meant = renaming(&[("x", "x")]);
    assert!(!rewrite(text, Html, &project, &meant).unwrap().edits.is_empty());
    project.legacy_events = BTreeMap::from([("x".to_owned(), LegacyEvent::default())]).into();
    assert!(!rewrite(text, Html, &project, &Options::default()).unwrap().edits.is_empty());
}

#[test]
fn other_kinds_can_be_chosen() {
    let only = Options { only: [crate::site::Kind::Jest].into(), ..Options::default() };
    assert_eq!(run(Html, "<a data-track-action='x'>", &only), Rewrite::default());
}

#[test]
fn scripts_of_pages_are_read() {
    let text = "<script>'<a data-track-action=\"x\">'</script>";
    refuse(Html, text, Reason::NotUnderstood, "<a data-track-action");
    let text = "<script type='text/x-template'><a data-track-action='x'></script>";
    refuse(Html, text, Reason::NotUnderstood, "no JavaScript");
    check(
        Html,
        "<p>é</p><script>a.setAttribute('data-track-action', 'x');</script>",
        "<p>é</p><script>a.setAttribute('data-event-tracking', 'x');</script>",
    );
}

#[test]
fn elements_of_another_tracking_are_left_alone() {
    refuse(
        Html,
        "<a data-track-category='x' data-track-action='y' data-track-label='z'>",
        Reason::NotUnderstood,
        "`data-track-category='x'` is read by the tracking of somebody else",
    );
}
