//! The report for a merge request.

use super::args::MigrateArgs;
use super::outcome::{Counts, Whole};
use std::collections::BTreeMap;

pub(super) fn report(whole: &Whole, args: &MigrateArgs) -> String {
    let mut text = "# Legacy tracking becomes internal events\n\n".to_owned();
    if !args.write {
        text.push_str("This is a plan: nothing was written.\n\n");
    }
    counts(&mut text, whole);
    refusals(&mut text, whole);
    payload(&mut text, whole);
    if !whole.notes.is_empty() {
        text.push_str("## To look at\n\n");
        for note in &whole.notes {
            text.push_str(&format!("- {}\n", line(note)));
        }
        text.push('\n');
    }
    after(&mut text, whole);
    text
}

fn counts(text: &mut String, whole: &Whole) {
    text.push_str("| kind | rewritten | refused | already |\n| --- | ---: | ---: | ---: |\n");
    for (kind, Counts { rewritten, refused, already }) in whole.counts() {
        text.push_str(&format!("| {kind} | {rewritten} | {refused} | {already} |\n"));
    }
    text.push('\n');
}

fn refusals(text: &mut String, whole: &Whole) {
    if whole.n_refused() == 0 {
        return;
    }
    text.push_str("## Not rewritten\n\n");
    for (placed, refusal) in whole.refusals() {
        text.push_str(&format!(
            "- `{}:{}:{}` **{}** ({}): {}\n  {}\n",
            placed.path,
            placed.line,
            placed.column,
            refusal.reason.code(),
            placed.site.kind,
            sentence(&refusal.what),
            sentence(&refusal.advice),
        ));
    }
    text.push('\n');
}

/// The same note of many calls is one line with its events.
fn payload(text: &mut String, whole: &Whole) {
    let mut by_note: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for (placed, note) in whole.payload_notes() {
        let place = format!("`{}:{}`", placed.path, placed.line);
        let place = match &placed.site.event {
            Some(event) => format!("`{event}` at {place}"),
            None => place,
        };
        by_note.entry(note).or_default().push(place);
    }
    if by_note.is_empty() {
        return;
    }
    text.push_str("## What changes in the payload\n\n");
    for (note, places) in by_note {
        text.push_str(&format!("- {}: {}\n", line(note), places.join(", ")));
    }
    text.push('\n');
}

fn after(text: &mut String, whole: &Whole) {
    text.push_str("## Afterwards\n\n");
    text.push_str("Check the definitions, and that nothing is left:\n\n");
    text.push_str("```console\n$ internal-events check\n$ internal-events migrate --check\n```\n");
    if whole.key_paths.is_empty() {
        return;
    }
    let n = whole.key_paths.len();
    let metrics = if n == 1 { "metric reads" } else { "metrics read" };
    text.push_str(&format!("\n{n} {metrics} the same counters by other words. "));
    text.push_str("With the definitions from before in `BEFORE`, this proves it:\n\n```console\n");
    for key_paths in whole.key_paths.chunks(20) {
        let key_paths = key_paths.join(" ");
        text.push_str(&format!("$ internal-events parity --before BEFORE {key_paths}\n"));
    }
    text.push_str("```\n");
}

/// One line that ends as a sentence does.
fn sentence(text: &str) -> String {
    let line = line(text);
    if line.ends_with(['.', '!', '?']) { line } else { format!("{line}.") }
}

/// One line, so that a list stays a list.
fn line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
