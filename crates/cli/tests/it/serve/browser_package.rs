//! The package for browsers, in pages of a real one, beside the official tracker.
//!
//! What is tested is written in `packages/browser/e2e`, and can be run there by hand. `RUNS`,
//! `OUTAGE` and `TABLE` are read there too.

use super::browser_tracker::find;
use super::load::say;
use super::npm;
use crate::program;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::sync::Mutex;

/// One after another: each has a browser of its own, and some pages wait for seconds by the clock.
static TURN: Mutex<()> = Mutex::new(());

/// The tests, and what they use.
const E2E: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../packages/browser/e2e");

#[test]
fn every_way_to_track_that_the_guide_shows_counts_in_a_page() {
    check("pages");
}

#[test]
fn policies_and_other_code_in_a_page_neither_break_it_nor_are_broken() {
    check("surroundings");
}

#[test]
fn no_event_is_lost_or_counted_twice_on_its_way_out_of_a_page() {
    check("delivery");
}

/// Runs the tests in a file, and shows what they say.
fn check(name: &str) {
    let what = format!("the package for browsers, {name}");
    let Some(chromium) = find("chromium") else {
        return npm::skip(&what, "chromium is not installed");
    };
    let _turn = TURN.lock();
    let packages = match npm::install(Path::new(E2E), "browser-e2e") {
        Ok(packages) => packages,
        Err(reason) => return npm::skip(&what, &reason),
    };
    let mut node = Command::new("node");
    node.args(["--test", "--test-reporter=spec"]).arg(format!("{E2E}/{name}.test.mjs"));
    node.current_dir(packages).env("CHROMIUM", chromium);
    serve_as_here(&mut node);
    let output = node.stdin(Stdio::null()).output().expect("node starts");
    let said = text(&output);
    say(&said);
    assert!(output.status.success(), "{what}:\n{said}");
    assert!(!said.contains("tests 0\n"), "there are tests in {name}");
}

/// Lets scripts start servers as the other tests start them.
fn serve_as_here(command: &mut Command) {
    let serve = program();
    for (name, value) in serve.get_envs() {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    command.env("INTERNAL_EVENTS_BIN", serve.get_program());
}

fn text(output: &Output) -> String {
    [&output.stdout, &output.stderr].map(|it| String::from_utf8_lossy(it)).join("\n")
}
