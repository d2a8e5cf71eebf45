//! Whatever script is rewritten, nothing outside of the edits changes, the output parses, and a
//! second run has nothing to do.

#![no_main]

use internal_events_migrate::{Language, Options, Project, Style, javascript};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Some((how, text)) = bytes.split_first() else { return };
    let Ok(text) = std::str::from_utf8(text) else { return };
    let language = if how & 8 == 0 { Language::JavaScript } else { Language::TypeScript };
    let options = Options {
        style: if how & 1 == 0 { Style::Current } else { Style::First },
        drops_properties: how & 2 != 0,
        keeps_category: how & 4 != 0,
        ..Options::default()
    };
    let project = Project::default();
    let Ok(rewrite) = javascript::rewrite(text, language, &project, &options) else { return };
    let changed = rewrite.edits.apply(text);
    let second = javascript::rewrite(&changed, language, &project, &options);
    assert!(second.expect("the output parses").edits.is_empty(), "a second run changes it");
});
