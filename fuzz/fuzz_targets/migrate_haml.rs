//! Whatever stands in HAML, what rewriting its attributes writes is settled.

#![no_main]

use internal_events_migrate::{Language, Options, Project, attributes};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    for drops_properties in [false, true] {
        let options = Options { drops_properties, ..Options::default() };
        let rewrite = |text: &str| {
            attributes::rewrite(text, Language::Haml, &Project::default(), &options)
        };
        let Ok(done) = rewrite(text) else { continue };
        let again = rewrite(&done.edits.apply(text)).expect("what is written parses");
        assert!(again.edits.is_empty(), "a second run changes nothing");
    }
});
