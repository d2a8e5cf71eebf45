//! What happens to an installation whose files change.

use crate::files;
use internal_events_installation::{Change, Installation, Watch};
use std::path::Path;

const EVENT: &str = "---
description: A customer sends an order, whatever the way of payment is
internal_events: true
status: active
action: create_order
identifiers:
- user
product_group: checkout
milestone: '1.0'
introduced_by_url: https://example.com/orders/1
tiers:
- free
- premium
- ultimate
";

fn watch(root: &Path) -> Watch<impl Fn(&str) -> Option<String>> {
    let env = |_: &str| None;
    Watch::new(Installation::open(root, env).expect("it can be read"), env)
}

fn write(root: &Path, name: &str, text: &str) {
    std::fs::write(root.join(name), text).expect("a file");
}

const CREATE: &str = "config/events/create_order.yml";
const CANCEL: &str = "config/events/cancel_order.yml";

#[test]
fn a_change_is_told_once_and_only_when_the_files_rest() {
    let root = files(&[(CREATE, EVENT)]);
    let mut watch = watch(root.path());
    assert!(watch.look().is_none(), "nothing changed");
    write(root.path(), CANCEL, "---\n");
    assert!(watch.look().is_none(), "it may not be all of it yet");
    write(root.path(), CANCEL, &EVENT.replace("create_order", "cancel_order"));
    assert!(watch.look().is_none(), "it changed again");
    let Some(Change::Replaced(catalog)) = watch.look() else { panic!("it rests, and it is good") };
    assert!(catalog.find_event("cancel_order").is_some());
    assert!(watch.look().is_none(), "it was told");
    std::fs::remove_file(root.path().join(CANCEL)).expect("it is there");
    assert!(watch.look().is_none());
    let Some(Change::Replaced(catalog)) = watch.look() else { panic!("one file is gone") };
    assert!(catalog.find_event("cancel_order").is_none());
}

#[test]
fn a_broken_edit_is_told_and_what_counted_before_goes_on() {
    let root = files(&[(CREATE, EVENT)]);
    let mut watch = watch(root.path());
    for (name, text, complaint) in [
        (CREATE, "---\naction: [", "config/events/create_order.yml"),
        (CREATE, "", "config/events/create_order.yml"),
        ("internal-events.toml", "enabeld = true", "cannot be read"),
    ] {
        write(root.path(), name, text);
        assert!(watch.look().is_none(), "{text}");
        let Some(Change::Kept(reason)) = watch.look() else { panic!("it is broken: {text}") };
        assert!(reason.to_string().contains(complaint), "{reason}");
        assert!(watch.look().is_none(), "it was told");
    }
    write(root.path(), "internal-events.toml", "");
    write(root.path(), CREATE, EVENT);
    watch.look();
    assert!(matches!(watch.look(), Some(Change::Replaced(_))), "it is good again");
}

#[test]
fn errors_that_were_there_before_keep_no_good_edit_back() {
    let root = files(&[(CREATE, EVENT), ("config/events/old.yml", "---\n")]);
    let mut watch = watch(root.path());
    write(root.path(), CANCEL, &EVENT.replace("create_order", "cancel_order"));
    watch.look();
    let Some(Change::Replaced(catalog)) = watch.look() else { panic!("it made nothing worse") };
    assert!(catalog.find_event("cancel_order").is_some());
}

#[test]
fn definitions_that_are_away_for_a_while_go_on_to_count() {
    let root = files(&[(CREATE, EVENT)]);
    let mut watch = watch(root.path());
    let (config, aside) = (root.path().join("config"), root.path().join("aside"));
    std::fs::rename(&config, &aside).expect("it is there");
    watch.look();
    let Some(Change::Kept(reason)) = watch.look() else { panic!("no event is left") };
    assert_eq!(reason.to_string(), "no event is defined any more");
    assert!(watch.current().catalog().find_event("create_order").is_some());
    assert!(watch.look().is_none(), "it was told");
    std::fs::rename(&aside, &config).expect("it is there");
    watch.look();
    let Some(Change::Replaced(catalog)) = watch.look() else { panic!("they are back") };
    assert!(catalog.find_event("create_order").is_some());
}
