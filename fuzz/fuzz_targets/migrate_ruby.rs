//! Whatever Ruby is rewritten, nothing outside of the edits changes, the output parses, and a
//! second run has nothing to do.

#![no_main]

use internal_events_migrate::{Options, Project, Style, ruby};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Some((how, text)) = bytes.split_first() else { return };
    let Ok(text) = std::str::from_utf8(text) else { return };
    let options = Options {
        style: if how & 1 == 0 { Style::Current } else { Style::First },
        drops_properties: how & 2 != 0,
        keeps_category: how & 4 != 0,
        ..Options::default()
    };
    let project = Project::default();
    let fragment = ruby::rewrite_fragment(text, &project, &options);
    fragment.expect("it is short enough").edits.apply(text);
    let Ok(rewrite) = ruby::rewrite(text, &project, &options) else { return };
    let changed = rewrite.edits.apply(text);
    let second = ruby::rewrite(&changed, &project, &options);
    assert!(second.expect("the output parses").edits.is_empty(), "a second run changes it");
});
